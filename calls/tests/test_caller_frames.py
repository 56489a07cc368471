"""Callers' frames on their way to the detector: many calls' in one run, each call's in order, and nothing stuck."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from calls.audio import ears, ulaw
from calls.audio.ears import Ear
from calls.conversation.events import CallerFrame, Event, MarkReturned, ResponseAudio
from calls.line import joint_hearing
from calls.line.caller_frames import CallerFrames
from calls.sandbox.telephone import wav_files

pytestmark = [pytest.mark.asyncio, pytest.mark.once]

WINDOW_MS = 32
AUDIO = Path(__file__).resolve().parents[2] / "tests" / "audio"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many calls' windows each run of the detector had."""
    found: list[int] = []
    judge = ears.judge

    def counted(waiting: Sequence[Ear]) -> None:
        found.append(len(waiting))
        judge(waiting)

    monkeypatch.setattr(ears, "judge", counted)
    return found


def tells(told: list[CallerFrame]) -> Callable[[Event], None]:
    def tell(event: Event) -> None:
        assert isinstance(event, CallerFrame)
        told.append(event)

    return tell


def line(told: list[CallerFrame]) -> CallerFrames:
    return CallerFrames(is_wanted=lambda _rms: True, tell=tells(told))


async def test_windows_of_several_calls_go_in_one_run(runs: list[int]) -> None:
    told: list[CallerFrame] = []
    lines = [line(told) for _ in range(5)]
    for each in lines:
        each.hear(0.0, ulaw.SILENCE * 256)  # more than a frame: the second completes a window
    await asyncio.sleep(2 * joint_hearing.HELD_S)
    assert runs == [5]
    assert len(told) == 10
    assert all(frame.speech_probability is not None for frame in told)


async def test_a_crowd_is_not_held(runs: list[int]) -> None:
    told: list[CallerFrame] = []
    lines = [line(told) for _ in range(joint_hearing.MOST_AT_ONCE)]
    for each in lines:
        each.hear(0.0, ulaw.SILENCE * 256)
    assert runs == [joint_hearing.MOST_AT_ONCE]
    assert len(told) == 2 * joint_hearing.MOST_AT_ONCE


async def test_frames_of_a_call_keep_their_order_though_some_wait(runs: list[int]) -> None:
    told: list[CallerFrame] = []
    caller = line(told)
    for number in range(10):
        caller.hear(number * 0.02, ulaw.SILENCE * 160)
    caller.catch_up()
    assert [frame.at for frame in told] == [number * 0.02 for number in range(10)]
    assert sum(frame.milliseconds for frame in told) == 200
    assert len(runs) == 200 // WINDOW_MS


async def test_marks_and_pieces_of_an_answer_wait_behind_a_frame_that_waits_and_begin_no_run(runs: list[int]) -> None:
    told: list[Event] = []
    caller = CallerFrames(is_wanted=lambda _rms: True, tell=told.append)
    caller.tell_after(MarkReturned(0.0, "at once"))
    caller.hear(0.02, ulaw.SILENCE * 256)
    caller.tell_after(MarkReturned(0.021, "first"))
    caller.tell_after(ResponseAudio(0.022, "r", "i", 800))
    assert runs == []
    await asyncio.sleep(2 * joint_hearing.HELD_S)
    assert runs == [1]
    assert [event.at for event in told] == [0.0, 0.02, 0.02, 0.021, 0.022]


async def test_a_detector_that_fails_holds_no_call_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_waiting: Sequence[Ear]) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(ears, "judge", fail)
    told: list[CallerFrame] = []
    caller = line(told)
    for number in range(4):
        caller.hear(number * 0.02, ulaw.SILENCE * 160)
    caller.catch_up()
    assert len(told) == 4
    assert "The speech detector failed" in caplog.text


async def test_a_call_that_fails_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    told: list[CallerFrame] = []

    def fail(event: Event) -> None:
        assert isinstance(event, CallerFrame)
        if event.speech_probability is not None and event.milliseconds == 12:
            raise ValueError("a mistake of ours")

    CallerFrames(is_wanted=lambda _rms: True, tell=fail).hear(0.0, ulaw.SILENCE * 256)
    caller = line(told)
    caller.hear(0.0, ulaw.SILENCE * 256)
    caller.catch_up()
    assert len(told) == 2
    assert "could not be taken" in caplog.text


async def test_what_is_too_soft_is_told_at_once_and_judged_with_the_next_that_is_not(runs: list[int]) -> None:
    told: list[CallerFrame] = []
    soft = [CallerFrames(is_wanted=lambda _rms: True, may_wait=lambda _rms: True, tell=tells(told)) for _ in range(3)]
    for each in soft:
        each.hear(0.0, ulaw.SILENCE * 256)
    assert len(told) == 6
    assert runs == []
    line(told).hear(0.02, ulaw.SILENCE * 256)
    await asyncio.sleep(2 * joint_hearing.HELD_S)
    assert runs == [4]
    await asyncio.sleep(2 * joint_hearing.REMEMBERED_S)
    assert runs == [4]


async def test_what_is_too_soft_is_judged_soon_though_nobody_waits(runs: list[int]) -> None:
    told: list[CallerFrame] = []
    soft = CallerFrames(is_wanted=lambda _rms: True, may_wait=lambda _rms: True, tell=tells(told))
    soft.hear(0.0, ulaw.SILENCE * 256)
    await asyncio.sleep(2 * joint_hearing.REMEMBERED_S)
    assert runs == [1]


async def test_a_voice_after_softness_is_judged_after_it(runs: list[int]) -> None:
    told: list[CallerFrame] = []
    loud_from = 0.1
    caller = CallerFrames(is_wanted=lambda _rms: True, may_wait=lambda rms: rms < 40, tell=tells(told))
    audio = ulaw.SILENCE * 800 + wav_files.read_as_ulaw(AUDIO / "hello.wav")
    ear = Ear()
    for number in range(len(audio) // 160):
        piece = audio[number * 160 : (number + 1) * 160]
        caller.hear(number * 0.02, piece)
        caller.catch_up()
        expected = ears.hear(ear, piece, wanted=True)
        assert len(told) == number + 1
        if number * 0.02 >= loud_from and told[-1].rms >= 40:
            assert told[-1].speech_probability == expected
    assert any(frame.rms >= 40 for frame in told)
