"""Pause, commit and resume at their exact limits, and what one run of voice leaves for the next."""

from __future__ import annotations

import pytest

from calls.conversation.activity import Hearing
from calls.conversation.barge_in import (
    FAIRLY_SURE_PROBABILITY,
    LONGEST_BACKCHANNEL_MS,
    LONGEST_GAP_MS,
    RESUME_AFTER_QUIET_S,
    SAME_SPEECH_S,
    SURE_PROBABILITY,
    Verdict,
)
from calls.tests.test_barge_in import Frames, fall_silent, speak, with_settings

pytestmark = pytest.mark.pure

VOICE, QUIET = Hearing(True, True), Hearing(False, False)
BEFORE_S = 7.0
"""What a call has behind it when a run of voice begins: no rule counts from the call's beginning."""


def later(**changes: object) -> Frames:
    """Frames in the middle of a call."""
    frames = with_settings(**changes)
    frames.now = BEFORE_S
    return frames


def found(frames: Frames) -> list[tuple[float, Verdict]]:
    """Return what was decided, by seconds since the voice began."""
    return [(round(at - BEFORE_S, 3), verdict) for at, verdict in frames.verdicts]


# How long -------------------------------------------------------------------------------------------------
def test_a_gap_of_60_ms_is_part_of_a_word_and_one_of_61_is_not() -> None:
    for gap_ms, pauses in ((LONGEST_GAP_MS, True), (LONGEST_GAP_MS + 1, False)):
        frames = later()
        frames.hear(voiced=True, seconds=0.06)
        frames.hear_frame(QUIET, gap_ms)
        frames.hear(voiced=True, seconds=0.06)
        assert bool(frames.verdicts) is pauses


def test_gaps_between_the_sounds_of_a_word_are_not_added_up() -> None:
    frames = later()
    for _ in range(6):
        frames.hear(voiced=True, seconds=0.02)
        frames.hear(voiced=False, seconds=0.04)
    assert [verdict for _, verdict in found(frames)] == [Verdict.PAUSE]


def test_a_run_begins_with_its_own_first_frame_and_not_with_that_of_an_earlier_one() -> None:
    frames = later()
    for _ in range(3):
        frames.hear(voiced=True, seconds=0.06)
        began_at = frames.barge_in.run_started_at
        assert began_at == pytest.approx(frames.now - 0.06)
        frames.hear(voiced=False, seconds=0.5)
    frames.barge_in.forget()
    frames.hear(voiced=True, seconds=0.04)
    assert frames.barge_in.run_started_at == pytest.approx(frames.now - 0.04)
    assert frames.barge_in.run_ms == 40


def test_sound_in_doubt_commits_when_the_debounce_is_over_to_the_millisecond() -> None:
    for debounce_ms, commits_at in ((340, 0.34), (341, 0.36)):
        frames = with_settings(barge_in_debounce_ms=debounce_ms)
        frames.hear(voiced=True, seconds=0.4)
        assert frames.verdicts[1] == (commits_at, Verdict.COMMIT)
    frames = later(barge_in_debounce_ms=340)
    frames.hear(voiced=True, seconds=0.32)
    assert [verdict for _, verdict in found(frames)] == [Verdict.PAUSE], "counted from where the voice began"


@pytest.mark.parametrize(("voiced_s", "commits"), [(0.28, True), (0.26, False)])
def test_what_lasts_must_be_voice_for_three_fifths_of_the_debounce(voiced_s: float, commits: bool) -> None:
    """300 of 500 ms, the last frame included."""
    frames = with_settings(barge_in_debounce_ms=500)
    frames.hear(voiced=True, seconds=voiced_s)
    frames.hear(voiced=False, seconds=0.5 - voiced_s)
    frames.hear(voiced=True, seconds=0.02)
    assert (Verdict.COMMIT in [verdict for _, verdict in frames.verdicts]) is commits


@pytest.mark.parametrize(
    ("probability", "seconds", "commits"),
    [(0.85, 0.12, True), (0.84, 0.14, False), (0.84, 0.16, True), (0.7, 0.16, True), (0.69, 0.2, False)],
)
def test_the_less_sure_a_detector_is_the_longer_it_must_hear_speech(
    probability: float, seconds: float, commits: bool
) -> None:
    assert (SURE_PROBABILITY, FAIRLY_SURE_PROBABILITY) == (0.85, 0.7)
    frames = later()
    speak(frames, seconds, probability=probability)
    assert [verdict for _, verdict in found(frames)] == [Verdict.PAUSE] + commits * [Verdict.COMMIT]


def test_once_sure_is_enough_for_a_run() -> None:
    frames = later()
    speak(frames, 0.02, probability=0.95)
    speak(frames, 0.1, probability=0.6)
    assert found(frames) == [(0.02, Verdict.PAUSE), (0.1, Verdict.COMMIT)]


def test_the_business_decides_how_many_frames_of_speech_commit() -> None:
    frames = later(barge_in_voice_frames=9)
    speak(frames, 0.2)
    assert found(frames) == [(0.02, Verdict.PAUSE), (0.16, Verdict.COMMIT)]


def test_where_nothing_is_resumed_speech_cuts_off_without_a_pause_before() -> None:
    frames = later(resume_after_false_barge_in=False)
    speak(frames, 0.08)
    assert found(frames) == []
    speak(frames, 0.04)
    assert found(frames) == [(0.1, Verdict.COMMIT)]


# How loud -------------------------------------------------------------------------------------------------
def test_one_loud_frame_of_a_run_is_enough_to_pause() -> None:
    frames = later()
    speak(frames, 0.02)
    speak(frames, 0.04, loud=False)
    assert found(frames) == [(0.02, Verdict.PAUSE)]
    frames = later()
    speak(frames, 0.08, loud=False)
    speak(frames, 0.02)
    assert found(frames) == [(0.08, Verdict.PAUSE)], "the soft beginning counts once the voice is loud"


def test_a_pause_is_not_confirmed_by_a_sound_as_soft_as_an_echo() -> None:
    frames = later()
    speak(frames, 0.06)
    speak(frames, 0.2, loud=False)
    assert found(frames) == [(0.02, Verdict.PAUSE)]
    speak(frames, 0.02)
    assert found(frames)[1] == (0.26, Verdict.COMMIT)


def test_an_echo_that_rings_on_does_not_prolong_a_pause() -> None:
    frames = later(backchannels_interrupt=False)
    speak(frames, 0.06)
    ends_at = frames.barge_in.pause_ends_at
    assert ends_at == pytest.approx(BEFORE_S + 0.04 + RESUME_AFTER_QUIET_S)
    speak(frames, 0.2, loud=False)
    assert frames.barge_in.pause_ends_at == ends_at
    speak(frames, 0.02)
    assert frames.barge_in.pause_ends_at == pytest.approx(BEFORE_S + 0.26 + RESUME_AFTER_QUIET_S), "a voice does"


# A pause ----------------------------------------------------------------------------------------------------
def test_a_pause_ends_exactly_when_it_said() -> None:
    frames = later()
    frames.hear(voiced=True, seconds=0.12)
    ends_at = frames.barge_in.pause_ends_at
    assert ends_at == pytest.approx(BEFORE_S + 0.1 + RESUME_AFTER_QUIET_S)
    assert frames.barge_in.quiet_for(ends_at - 0.001) is Verdict.NOTHING
    assert frames.barge_in.quiet_for(ends_at) is Verdict.RESUME


@pytest.mark.parametrize("now", [0.0, 0.34, 1.5, 7.0, 61.3, 3599.98])
def test_a_pause_ends_at_the_moment_that_it_named_whenever_that_is(now: float) -> None:
    """A Tick comes at that moment and no later one: a pause that it doesn't end lasts until a frame comes."""
    frames = with_settings()
    frames.now = now
    frames.hear(voiced=True, seconds=0.12)
    assert frames.barge_in.quiet_for(frames.barge_in.pause_ends_at) is Verdict.RESUME


def test_a_line_that_goes_dead_after_a_long_mm_hm_resumes() -> None:
    frames = later(backchannels_interrupt=False)
    speak(frames, 0.6)
    assert frames.barge_in.quiet_for(BEFORE_S + 1.1) is Verdict.RESUME, "speech, but nobody goes on with it"


def test_a_stop_within_a_paused_word_begins_a_new_run_for_a_detector_and_not_for_loudness() -> None:
    frames = later()
    speak(frames, 0.08)
    fall_silent(frames, 0.08)
    assert frames.barge_in.run_ms == 0
    frames = later()
    frames.hear(voiced=True, seconds=0.12)
    frames.hear(voiced=False, seconds=0.08)
    assert frames.barge_in.run_ms == 120


def test_after_a_resume_everything_counts_anew() -> None:
    frames = later()
    speak(frames, 0.08)
    fall_silent(frames, 0.6)
    assert [verdict for _, verdict in found(frames)] == [Verdict.PAUSE, Verdict.RESUME]
    frames.verdicts.clear()
    speak(frames, 0.1, loud=False)
    assert found(frames) == [], "nothing loud in this one"
    fall_silent(frames, 0.1)
    speak(frames, 0.14, probability=0.6)
    assert [verdict for _, verdict in found(frames)] == [Verdict.PAUSE], "no detector was sure of this one"


# OpenAI's word ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("before_s", "verdict"), [(1.19, Verdict.COMMIT), (1.2, Verdict.PAUSE)])
def test_what_openai_heard_up_to_1200_ms_before_us_is_the_same_speech(before_s: float, verdict: Verdict) -> None:
    assert SAME_SPEECH_S == 1.2
    frames = with_settings()
    frames.now = 2.0
    frames.openai_hears_speech(2.0 - before_s)
    frames.hear(voiced=True, seconds=0.12)
    assert frames.verdicts[0][1] is verdict


@pytest.mark.parametrize(("after_s", "verdict"), [(1.19, Verdict.COMMIT), (1.2, Verdict.NOTHING)])
def test_after_a_resume_openai_has_1200_ms_to_call_it_speech(after_s: float, verdict: Verdict) -> None:
    frames = with_settings()
    frames.hear(voiced=True, seconds=0.12)
    frames.hear(voiced=False, seconds=0.5)
    assert frames.openai_hears_speech(after_s) is verdict


def test_where_listening_sounds_do_not_interrupt_openai_confirms_only_what_is_longer_than_one() -> None:
    assert LONGEST_BACKCHANNEL_MS == 800
    for at, verdict in ((0.79, Verdict.NOTHING), (0.8, Verdict.COMMIT)):
        frames = with_settings(backchannels_interrupt=False)
        frames.hear(voiced=True, seconds=0.12)
        assert frames.is_paused
        assert frames.openai_hears_speech(at) is verdict


def test_where_they_do_not_interrupt_even_both_ears_together_only_pause() -> None:
    frames = with_settings(backchannels_interrupt=False)
    frames.openai_hears_speech()
    frames.hear(voiced=True, seconds=0.12)
    assert [verdict for _, verdict in frames.verdicts] == [Verdict.PAUSE]


def test_what_was_heard_during_one_utterance_means_nothing_for_the_next() -> None:
    frames = with_settings()
    speak(frames, 0.02)
    frames.openai_hears_speech()
    frames.barge_in.forget()
    speak(frames, 0.02)
    assert frames.verdicts == [], "one frame and one frame are not two of one run"
    speak(frames, 0.02)
    assert [verdict for _, verdict in frames.verdicts] == [Verdict.PAUSE], "OpenAI meant what was said before"
    frames.barge_in.forget()
    frames.is_paused = False
    assert frames.openai_hears_speech() is Verdict.NOTHING, "and our pause was of another utterance"
