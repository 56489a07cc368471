"""The clock of a silent call at its exact limits."""

from __future__ import annotations

import pytest

from calls.conversation import ConversationSettings
from calls.conversation.silence import ASK_AFTER_S, LONGEST_DELAY_S, Scene, Silence, SilenceStep

pytestmark = pytest.mark.pure

NOTHING, ASK, END = SilenceStep.NOTHING, SilenceStep.ASK, SilenceStep.END
LIMIT_S = 45.0
NEVER = float("-inf")


def clock(*, asks: bool = False, greets: bool = False, speaks_first: bool = False) -> Silence:
    return Silence(
        ConversationSettings(
            silence_limit_s=LIMIT_S,
            asks_after_silence=asks,
            greeting_text="Hello" if greets else "",
            assistant_speaks_first=speaks_first,
        )
    )


def step(
    silence: Silence,
    at: float,
    *,
    heard_at: float = NEVER,
    busy: bool = False,
    protected: bool = False,
    may_ask: bool = True,
) -> SilenceStep:
    return silence.step(at, Scene(heard_at, busy, protected, may_ask))


def test_a_call_in_which_nobody_speaks_ends_at_the_limit() -> None:
    silence = clock()
    assert silence.deadlines() == [None, LIMIT_S, LIMIT_S + LONGEST_DELAY_S]
    assert step(silence, LIMIT_S - 0.001) is NOTHING
    assert step(silence, LIMIT_S) is END


@pytest.mark.parametrize("since", [0.1, 1.3, 7.7, 61.3, 3599.98])
def test_whatever_is_due_is_due_at_the_very_moment_that_was_named(since: float) -> None:
    """A Tick comes at that moment, and on a line that has gone dead nothing comes after it."""
    silence = clock(asks=True)
    silence.heard(since)
    step(silence, since)
    asks_at, ends_at, _ = silence.deadlines()
    assert asks_at is not None
    assert ends_at is not None
    assert step(silence, asks_at) is ASK
    assert silence.deadlines()[0] is None
    assert step(silence, ends_at) is END


def test_it_asks_once_after_fifteen_seconds_where_the_business_wants_it_and_there_is_somebody_to_ask() -> None:
    assert ASK_AFTER_S == 15.0
    silence = clock(asks=True)
    assert silence.deadlines()[0] == 15.0
    assert step(silence, 14.999) is NOTHING
    assert step(silence, 16.0, may_ask=False) is NOTHING
    assert step(silence, 16.0, busy=True) is NOTHING
    assert step(silence, 16.0) is ASK
    assert step(silence, 17.0) is NOTHING
    assert step(clock(), 16.0) is NOTHING


def test_who_was_heard_is_waited_for_anew_and_may_be_asked_again() -> None:
    silence = clock(asks=True)
    assert step(silence, 16.0) is ASK
    assert step(silence, 40.0, heard_at=30.0) is NOTHING
    assert silence.deadlines() == [45.0, 75.0, 85.0]
    assert step(silence, 45.0, heard_at=30.0) is ASK
    assert step(silence, 46.0, heard_at=30.0) is NOTHING, "the same sound is no new one"
    assert step(silence, 75.0, heard_at=30.0) is END


@pytest.mark.parametrize("opening", ["greets", "speaks_first"])
def test_the_clock_stands_still_for_the_opening_and_runs_from_its_end(opening: str) -> None:
    silence = clock(**{opening: True})
    for second in range(100):
        assert step(silence, float(second), busy=True) is NOTHING
    assert step(silence, 99.5) is NOTHING
    assert silence.deadlines()[1] == 99.5 + LIMIT_S
    assert step(silence, 99.5 + LIMIT_S - 0.1) is NOTHING
    assert step(silence, 99.5 + LIMIT_S) is END


def test_without_an_opening_what_the_assistant_says_into_the_silence_does_not_stop_the_clock() -> None:
    silence = clock()
    assert step(silence, 30.0, busy=True) is NOTHING
    assert step(silence, 31.0) is NOTHING
    assert silence.deadlines()[1] == LIMIT_S


def test_the_clock_stands_still_for_one_answer_and_not_for_what_follows_it_unasked() -> None:
    silence = clock()
    silence.heard(10.0)
    assert step(silence, 20.0, busy=True) is NOTHING
    assert step(silence, 21.0) is NOTHING
    assert step(silence, 30.0, busy=True) is NOTHING
    assert step(silence, 31.0) is NOTHING
    assert silence.deadlines()[1] == 21.0 + LIMIT_S


def test_what_is_being_said_at_the_limit_may_be_finished_for_ten_seconds() -> None:
    assert LONGEST_DELAY_S == 10.0
    silence = clock()
    assert step(silence, LIMIT_S, busy=True) is NOTHING
    assert step(silence, LIMIT_S + 9.999, busy=True) is NOTHING
    assert step(silence, LIMIT_S + 10.0, busy=True) is END
    assert step(clock(), LIMIT_S + 1.0) is END


def test_nothing_is_cut_off_while_the_first_utterance_is_protected() -> None:
    assert step(clock(), 500.0, protected=True) is NOTHING
    assert step(clock(), 500.0, protected=True, busy=True) is NOTHING
