"""What a caller hears of what was queued, by properties over any sequence of messages."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from calls.audio.ulaw import SAMPLE_RATE
from calls.sandbox.telephone.playback_buffer import PlaybackBuffer, ReturnedMark, Stretch

pytestmark = pytest.mark.once


class AnyPlayback(RuleBasedStateMachine):
    """Every byte is numbered (modulo a prime), so that each sound in the track can be traced back."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = PlaybackBuffer()
        self.now = 0.0
        self.queued = bytearray()  # all audio ever queued
        self.allowed = bytearray()  # the audio that may be heard: queued, minus what a clear has dropped
        self.marks: dict[str, int] = {}  # name -> how many of the allowed bytes come before it
        self.returned: list[ReturnedMark] = []

    def take(self, returned: list[ReturnedMark]) -> None:
        for mark in returned:
            assert mark.name not in [each.name for each in self.returned], "a mark returned twice"
            if not mark.was_cleared:
                assert self.heard() >= self.marks[mark.name], "a mark returned before its audio was heard"
            assert mark.at <= self.now + 1e-9
            self.returned.append(mark)

    def heard(self) -> int:
        return sum(stretch.end - stretch.start for stretch in self.buffer.stretches)

    @rule(milliseconds=st.integers(1, 400))
    def time_passes(self, milliseconds: int) -> None:
        self.now += milliseconds / 1000
        self.take(self.buffer.advance(self.now))
        if self.buffer.queued_bytes:
            assert self.now - self.buffer.played_until < 0.0201, "it was idle with something queued"

    @rule(size=st.integers(1, 4000))
    def audio(self, size: int) -> None:
        start = len(self.queued)
        audio = bytes((start + n) * 7 % 251 for n in range(size))
        self.queued += audio
        self.allowed += audio
        self.take(self.buffer.queue(audio, self.now))

    @rule()
    def mark(self) -> None:
        name = str(len(self.marks))
        self.marks[name] = len(self.allowed)
        self.take(self.buffer.mark(name, self.now))

    @rule()
    def clear(self) -> None:
        outstanding = set(self.marks) - {mark.name for mark in self.returned}
        returned = self.buffer.clear(self.now)
        del self.allowed[self.heard() :]
        assert {mark.name for mark in returned} == outstanding, "clear returns every outstanding mark"
        self.take(returned)
        assert self.buffer.queued_bytes == 0

    @invariant()
    def hears_a_prefix_of_what_may_be_heard(self) -> None:
        track = self.buffer.track
        sounds = b"".join(bytes(track[stretch.start : stretch.end]) for stretch in self.buffer.stretches)
        assert sounds == bytes(self.allowed[: len(sounds)])
        assert len(sounds) + self.buffer.queued_bytes == len(self.allowed)

    @invariant()
    def never_faster_than_real_time(self) -> None:
        assert len(self.buffer.track) <= self.now * SAMPLE_RATE + 2


AnyPlayback.TestCase.settings = settings(max_examples=200, stateful_step_count=40)
TestAnyPlayback = AnyPlayback.TestCase


def test_audio_is_heard_in_real_time_and_marks_return_when_it_has_been() -> None:
    buffer = PlaybackBuffer()
    assert buffer.queue(b"\x10" * 800, 1.0) == []  # 100 ms
    assert buffer.mark("end", 1.0) == []
    assert buffer.advance(1.09) == []
    assert buffer.advance(1.2) == [ReturnedMark(1.1, "end")]
    assert buffer.track == b"\xff" * 8000 + b"\x10" * 800
    assert buffer.stretches == [Stretch(8000, 8800)]


def test_a_mark_returns_at_once_when_nothing_is_queued() -> None:
    assert PlaybackBuffer().mark("first", 2.0) == [ReturnedMark(2.0, "first")]


def test_clear_stops_after_a_whole_frame_and_returns_the_marks() -> None:
    buffer = PlaybackBuffer()
    buffer.queue(b"\x10" * 1600, 0.0)
    buffer.mark("a", 0.0)
    assert buffer.clear(0.05) == [ReturnedMark(0.05, "a", was_cleared=True)]
    buffer.queue(b"\x20" * 160, 0.1)
    buffer.advance(1.0)
    assert bytes(buffer.track) == b"\x10" * 320 + b"\xff" * 480 + b"\x20" * 160
