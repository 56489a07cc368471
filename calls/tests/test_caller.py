"""The caller's side alone: what is taken for echo, when a turn has ended, who is speaking."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation import ConversationSettings
from calls.conversation.barge_in import Verdict
from calls.conversation.caller import COMMIT_WAIT_S, SHORTEST_TURN_MS, STILL_SPEAKING_S, Caller
from calls.conversation.echo import LONGEST_WAY_S, MARGIN, Echo
from calls.conversation.events import CallerFrame, TurnCommitted

pytestmark = pytest.mark.pure

VOICE_RMS, LINE_RMS, GATE_RMS = 1500, 10, 200
BEFORE_GATE_RMS = GATE_RMS - 1


class Listening:
    """A caller's frames of 20 ms, one after the other."""

    def __init__(self, echo: Echo | None = None) -> None:
        self.echo = echo or Echo()
        self.caller = Caller(ConversationSettings(echo_gate_min_rms=GATE_RMS), self.echo)
        self.now = 5.0

    def hear(
        self, rms: int, seconds: float = 0.02, *, plays: bool = False, delay_s: float = 0.0, ears: float | None = None
    ) -> int:
        """Return how many of the frames held the caller's voice."""
        voiced = 0
        for _ in range(round(seconds / 0.02)):
            self.now = round(self.now + 0.02, 2)
            frame = CallerFrame(self.now, rms, speech_probability=ears)
            voiced += self.caller.hear(frame, assistant_is_playing=plays, delay_s=delay_s).is_caller
        return voiced

    def commit(self, item_id: str) -> int:
        """Let OpenAI commit a turn; returns its milliseconds of voice."""
        return self.caller.turn_ended(TurnCommitted(self.now, item_id))


# Echo -------------------------------------------------------------------------------------------------------
def test_soft_sound_is_taken_for_echo_while_the_assistant_plays_and_no_longer() -> None:
    line = Listening()
    assert line.hear(BEFORE_GATE_RMS, 0.1) == 5, "the assistant is silent: nothing can come back"
    assert line.hear(BEFORE_GATE_RMS, 0.1, plays=True) == 0
    assert line.hear(GATE_RMS, 0.1, plays=True) == 5


def test_an_echo_can_come_until_the_longest_way_after_the_last_sound() -> None:
    line = Listening()
    line.hear(LINE_RMS, plays=True, delay_s=0.25)
    assert line.hear(BEFORE_GATE_RMS, 0.25 + LONGEST_WAY_S - 0.02, delay_s=0.25) == 0
    assert line.hear(BEFORE_GATE_RMS, 0.1, delay_s=0.25) == 5


def test_of_what_is_played_loudly_a_louder_echo_is_expected() -> None:
    echo = Echo()
    echo.will_play(0.0, 60.0, 8000)
    line = Listening(echo)
    expected = round(MARGIN * echo.share * 8000)
    assert expected > GATE_RMS
    assert line.hear(expected - 1, plays=True) == 0
    assert line.hear(expected + 1, plays=True) == 1


def test_the_echo_of_a_line_is_learned_without_its_noise_and_not_from_a_voice() -> None:
    echo = Echo()
    echo.will_play(0.0, 60.0, 4000)
    noisy = Listening(echo)
    noisy.hear(60, 3.0)
    echo.share = 0.02
    noisy.hear(100, plays=True)
    assert echo.share < 0.02, "40 of 4000 are less than 2 %"
    share = echo.share
    noisy.hear(VOICE_RMS, 0.1, plays=True)
    assert echo.share == share


# What a detector is asked about --------------------------------------------------------------------------------
def test_a_detector_is_asked_about_every_frame_that_may_interrupt_and_about_loud_ones_of_an_uncertain_turn() -> None:
    line = Listening()
    assert line.caller.needs_ears(0, may_interrupt=True)
    assert not line.caller.needs_ears(39, may_interrupt=False)
    assert line.caller.needs_ears(40, may_interrupt=False)
    line.hear(VOICE_RMS, 0.4)
    assert not line.caller.needs_ears(VOICE_RMS, may_interrupt=False), "it is known to be speech"
    assert line.caller.needs_ears(0, may_interrupt=True)


# Turns --------------------------------------------------------------------------------------------------------
def spoken(item_id: str = "turn") -> Listening:
    """A caller who has said something and paused, by OpenAI's ears too."""
    line = Listening()
    line.caller.speech_started(line.now, is_paused=False)
    line.hear(VOICE_RMS, 0.3)
    line.hear(LINE_RMS, 0.2)
    line.caller.speech_stopped(line.now, item_id)
    return line


def test_a_pause_that_openai_hears_becomes_a_turn_after_600_ms_if_openai_does_not_say_so() -> None:
    assert COMMIT_WAIT_S == 0.6
    line = spoken()
    due_at = line.caller.deadlines()[0]
    assert due_at == pytest.approx(line.now + 0.6)
    assert due_at is not None
    assert line.caller.untold_turn(due_at - 0.001) is None
    turn = line.caller.untold_turn(due_at)
    assert turn == TurnCommitted(due_at, "turn")
    assert turn is not None
    assert line.caller.turn_ended(turn) == 300
    assert line.caller.deadlines()[0] is None, "it was counted"
    line.hear(VOICE_RMS, 0.1)
    assert line.commit("turn") == 0, "the same turn, committed after all"
    assert line.commit("next") == 100


def test_a_turn_without_an_id_is_named_by_its_moment() -> None:
    line = spoken(item_id="")
    turn = line.caller.untold_turn(line.now + 1.0)
    assert turn is not None
    assert turn.item_id == f"turn-at-{line.now:.3f}"


@pytest.mark.parametrize("what", ["committed", "goes on", "line lost", "never began"])
def test_no_turn_is_missed_when(what: str) -> None:
    line = Listening() if what == "never began" else spoken()
    match what:
        case "committed":
            assert line.commit("turn") == 300
        case "goes on":
            line.caller.speech_started(line.now, is_paused=False)
        case "line lost":
            line.caller.line_lost()
        case _:
            line.caller.speech_stopped(line.now, "turn")
    assert line.caller.deadlines()[0] is None
    assert line.caller.untold_turn(line.now + 9.0) is None


def test_a_turn_is_doubted_from_80_ms_of_loudness_on_if_a_detector_heard_less_speech_than_that() -> None:
    assert SHORTEST_TURN_MS == 80
    for loud_s, ears, doubted in ((0.06, 0.0, False), (0.08, 0.0, True), (0.08, 0.9, False)):
        line = Listening()
        line.hear(VOICE_RMS, loud_s, ears=ears)
        line.hear(LINE_RMS, 0.1, ears=0.0)
        line.commit("turn")
        assert line.caller.is_doubted("turn") is doubted
        assert not line.caller.is_doubted("another")
        assert not line.caller.is_doubted("")
    line = Listening()
    line.hear(VOICE_RMS, 0.2, ears=0.0)
    line.commit("first")
    line.commit("second")
    assert not line.caller.is_doubted("first"), "only the last one"
    assert not line.caller.is_doubted("second")


# Who speaks -----------------------------------------------------------------------------------------------------
def test_the_caller_speaks_while_openai_and_we_hear_it_and_for_a_second_after_we_do() -> None:
    line = Listening()
    line.hear(VOICE_RMS, 0.3)
    heard_at = line.now
    assert not line.caller.speaks(heard_at), "OpenAI hears nothing"
    assert line.caller.speech_started(heard_at, is_paused=False) is Verdict.NOTHING
    assert line.caller.speech_started_at == heard_at
    assert line.caller.speaks(heard_at + STILL_SPEAKING_S - 0.01)
    assert not line.caller.speaks(heard_at + STILL_SPEAKING_S)
    line.caller.speech_stopped(heard_at, "turn")
    assert not line.caller.speaks(heard_at)


def test_the_caller_does_not_speak_any_more_once_a_turn_is_committed_or_its_session_is_lost() -> None:
    for is_lost in (True, False):
        line = Listening()
        line.hear(VOICE_RMS, 0.3)
        line.caller.speech_started(line.now, is_paused=False)
        assert line.caller.speaks(line.now)
        if is_lost:
            line.caller.line_lost()
        else:
            line.commit("turn")
        assert not line.caller.speaks(line.now)


def test_a_pause_of_the_assistant_is_confirmed_by_openai() -> None:
    line = Listening()
    assert line.caller.speech_started(line.now, is_paused=True) is Verdict.COMMIT


@given(
    st.lists(st.tuples(st.sampled_from([0, 20, 39, 41, 70, 90, 130, 400, 1500]), st.integers(1, 30)), max_size=40),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_what_a_detector_says_of_a_frame_that_may_wait_changes_nothing(
    levels: list[tuple[int, int]], chance: Random, plays: bool
) -> None:
    one, other = Listening(), Listening()
    for rms, frames in levels:
        for _frame in range(frames):
            waits, said = one.caller.ears_may_wait(rms), round(chance.random(), 2)
            assert other.caller.ears_may_wait(rms) == waits
            voices = [
                each.hear(rms, plays=plays, ears=ears) for each, ears in ((one, said), (other, 0.0 if waits else said))
            ]
            assert voices[0] == voices[1]
            assert one.caller.background == other.caller.background
            assert one.caller.activity == other.caller.activity
