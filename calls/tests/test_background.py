"""Voices behind the caller: who is taken for one of them, and that a caller who takes turns never is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation.background import LOUDEST_RMS, STANDS_OUT, Background
from calls.conversation.events import CallerFrame

pytestmark = pytest.mark.pure

BABBLE_RMS, NEAR_RMS, SOFT_RMS, LINE_RMS, ECHO_RMS = 300, 1000, 450, 12, 300
VOICE, UNSURE, NOISE = 0.95, 0.5, 0.02


class Room:
    """What the telephone hears, in frames of 20 ms."""

    def __init__(self) -> None:
        self.background = Background()
        self.now = 0.0

    def hear(
        self, rms: int, seconds: float, ears: float | None = VOICE, *, over_assistant: bool = False, echo_rms: int = 0
    ) -> float:
        """Returns the gate after so many seconds of this sound."""
        for _ in range(round(seconds / 0.02)):
            self.now = round(self.now + 0.02, 2)
            frame = CallerFrame(self.now, rms, speech_probability=ears)
            self.background.hear(frame, echo_rms=echo_rms, assistant_is_heard=over_assistant)
        return self.background.gate_rms

    def silence(self, seconds: float, *, over_assistant: bool = False) -> float:
        """Returns the gate after so many seconds in which nobody is heard."""
        return self.hear(LINE_RMS, seconds, NOISE, over_assistant=over_assistant)

    def television(self, seconds: float, *, rms: int = BABBLE_RMS, over_assistant: bool = False) -> float:
        """Returns the gate after one voice with short pauses between its phrases."""
        until = self.now + seconds
        while self.now < until:
            self.hear(rms, 1.5, over_assistant=over_assistant)
            self.silence(0.6, over_assistant=over_assistant)
        return self.background.gate_rms


def test_voices_that_never_fall_silent_are_a_crowd_after_five_seconds() -> None:
    room = Room()
    assert room.hear(BABBLE_RMS, 3.0, UNSURE) == 0
    gate_rms = room.hear(BABBLE_RMS, 2.0, UNSURE)
    assert gate_rms == pytest.approx(STANDS_OUT * BABBLE_RMS)
    assert BABBLE_RMS < gate_rms < NEAR_RMS, "ten decibels louder is a caller"


def test_a_crowd_is_recognized_while_the_echo_of_the_assistant_covers_most_of_it() -> None:
    room = Room()
    for _ in range(12):
        room.hear(ECHO_RMS + 50, 0.2, UNSURE, over_assistant=True, echo_rms=ECHO_RMS)
        room.hear(ECHO_RMS - 50, 0.3, UNSURE, over_assistant=True, echo_rms=ECHO_RMS)
    assert room.background.gate_rms > ECHO_RMS


def test_an_echo_alone_is_nobody() -> None:
    room = Room()
    assert room.hear(ECHO_RMS - 20, 30.0, VOICE, over_assistant=True, echo_rms=ECHO_RMS) == 0


def test_noise_and_what_no_detector_has_judged_is_nobody() -> None:
    assert Room().hear(BABBLE_RMS, 30.0, NOISE) == 0
    assert Room().hear(BABBLE_RMS, 30.0, None) == 0


def test_a_voice_near_the_telephone_is_never_behind_the_caller() -> None:
    assert Room().hear(LOUDEST_RMS + 50, 60.0, over_assistant=True) == 0


def test_one_voice_that_goes_on_through_the_assistants_sentences_is_a_television() -> None:
    room = Room()
    for _ in range(5):
        room.television(1.5)
        gate_rms = room.television(0.5, over_assistant=True)
    assert gate_rms == pytest.approx(STANDS_OUT * BABBLE_RMS)
    assert room.silence(1.2) > 0, "it is only between two sentences"
    assert room.silence(0.6) == 0


def test_one_voice_that_never_speaks_over_the_assistant_is_a_caller() -> None:
    assert Room().television(60.0, rms=SOFT_RMS) == 0


def test_the_callers_own_voice_does_not_make_the_others_louder() -> None:
    room = Room()
    gate_rms = room.hear(BABBLE_RMS, 6.0, UNSURE)
    for _ in range(6):
        room.hear(NEAR_RMS, 1.0)
        room.hear(BABBLE_RMS, 0.5, UNSURE)
    assert room.background.gate_rms == pytest.approx(gate_rms)


def test_a_detector_is_asked_once_sound_has_gone_on_for_two_seconds() -> None:
    room = Room()
    room.hear(BABBLE_RMS, 1.9, None)
    assert not room.background.may_begin(room.now)
    room.hear(BABBLE_RMS, 0.2, None)
    assert room.background.may_begin(room.now)
    room.silence(1.0)
    assert not room.background.may_begin(room.now)


@given(
    st.lists(
        st.tuples(
            st.floats(0.2, 12.0),  # the caller's turn
            st.floats(0.85, 3.0),  # silence until the answer is heard
            st.floats(0.0, 8.0),  # the answer, until the caller interrupts
            st.floats(0.06, 0.35),  # how long it takes to stop it
        ),
        min_size=1,
        max_size=12,
    ),
    st.integers(130, 3000),
)
def test_a_caller_who_takes_turns_is_always_let_in(turns: list[tuple[float, float, float, float]], rms: int) -> None:
    room = Room()
    for turn_s, wait_s, answer_s, overlap_s in turns:
        room.hear(rms, turn_s)
        room.silence(wait_s)
        assert room.silence(answer_s, over_assistant=True) == 0, "the caller may interrupt"
        assert room.hear(rms, overlap_s, over_assistant=True) == 0
