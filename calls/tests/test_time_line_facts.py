"""What a time line is drawn of: levels, thresholds and moments, from traces of imagined calls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calls.conversation import ConversationSettings
from calls.conversation.commands import ClearPlayback
from calls.conversation.events import CallerFrame, KeyPressed
from calls.records.levels import STEPS_PER_S, Flag, Levels, levels_of, loudness, rms_of
from calls.records.moments import Moment, Sort, moments_of
from calls.records.traces import Decided, TraceLine
from calls.tests.script import Asks, Script, Sound
from calls.tests.test_certificates import CACHED, trace_of
from calls.tests.world import World

pytestmark = pytest.mark.pure

QUESTION, INTERRUPTION = Sound(3.0, 0.8), Sound(6.0, 1.2)
TALK = Script(CACHED, caller=(QUESTION, INTERRUPTION), answer_rms=3000)


def line_of(script: Script) -> list[TraceLine]:
    return trace_of(World(script).run())


def found(script: Script, sort: Sort) -> list[Moment]:
    return [moment for moment in moments_of([(0.0, line_of(script))]) if moment.sort is sort]


def at(track: bytearray, seconds: float) -> float:
    return rms_of(track[int(seconds * STEPS_PER_S)])


# Levels -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("rms", [0, 1, 30, 120, 1500, 32_767])
def test_an_energy_is_kept_within_five_percent(rms: int) -> None:
    assert rms_of(loudness(rms)) == pytest.approx(rms, rel=0.05, abs=0.5)


def test_both_voices_lie_where_they_were_heard() -> None:
    levels = levels_of([(0.0, line_of(TALK))], CACHED)
    assert levels.is_exact
    assert at(levels.caller, 3.4) == pytest.approx(1500, rel=0.05)
    assert at(levels.caller, 2.5) == pytest.approx(15, rel=0.1)
    assert levels.flags[int(3.4 * STEPS_PER_S)] & Flag.VOICE
    assert at(levels.assistant, 5.5) == pytest.approx(3000, rel=0.05)


def test_what_a_clear_cut_off_is_not_drawn() -> None:
    lines = line_of(TALK)
    cut = next(line.at for line in lines if isinstance(line, Decided) and isinstance(line.command, ClearPlayback))
    levels = levels_of([(0.0, [line for line in lines if line.at < cut + 0.1])], CACHED)
    assert at(levels.assistant, cut - 0.1) > 0
    assert len(levels.assistant) <= int(cut * STEPS_PER_S) + 1


def test_the_floor_and_the_threshold_are_those_that_the_conversation_used() -> None:
    levels = levels_of([(0.0, line_of(TALK))], CACHED)
    assert at(levels.floor, 2.5) == pytest.approx(15, rel=0.1)
    assert at(levels.threshold, 2.9) == pytest.approx(120, rel=0.05)  # the quietest voice
    assert at(levels.threshold, 5.5) > 200  # the assistant's echo may come back


def test_another_decision_than_today_is_noticed() -> None:
    lines = line_of(TALK)
    missing = [line for line in lines if not (isinstance(line, Decided) and isinstance(line.command, ClearPlayback))]
    assert not levels_of([(0.0, missing)], CACHED).is_exact


def test_a_second_stream_lies_behind_the_first() -> None:
    lines = line_of(TALK)
    levels = levels_of([(0.0, lines[:1]), (30.0, lines)], CACHED)
    assert at(levels.caller, 33.4) == pytest.approx(1500, rel=0.05)


def test_marks_are_told_apart() -> None:
    flags = levels_of([(0.0, line_of(TALK))], CACHED).flags
    assert any(flag & Flag.MARK for flag in flags)
    assert any(flag & Flag.CLEARED for flag in flags)
    assert not any(flag & Flag.EARLY for flag in flags)


def test_a_time_that_can_not_be_takes_no_memory() -> None:
    levels = levels_of([(0.0, [*line_of(TALK), CallerFrame(1e9, 900)])], CACHED)
    assert len(levels.caller) < 13 * STEPS_PER_S


def test_levels_begin_empty() -> None:
    assert levels_of([], CACHED) == Levels()


# Moments ------------------------------------------------------------------------------------------------
def test_a_call_in_its_moments() -> None:
    sorts = [moment.sort for moment in moments_of([(0.0, line_of(TALK))])]
    wanted = [Sort.GREETING, Sort.FIRST_OVER, Sort.ANSWER, Sort.PAUSE, Sort.SILENT, Sort.COMMIT, Sort.ANSWER]
    assert [sort for sort in sorts if sort in wanted] == wanted


def test_an_interruption_says_why() -> None:
    (pause,) = found(TALK, Sort.PAUSE)
    (commit,) = found(TALK, Sort.COMMIT)
    assert pause.facts["by"] == "voice"
    assert pause.facts["rms"] == 1500
    assert pause.facts["ms"] == pytest.approx(100, abs=40)
    assert pause.facts["threshold"] < pause.facts["rms"]  # type: ignore[operator]
    assert commit.facts["by"] in {"voice", "openai"}
    assert commit.at_ms > pause.at_ms > 6000


def test_a_cough_is_resumed_from() -> None:
    script = Script(CACHED, caller=(QUESTION, Sound(6.0, 0.2, is_noise=True)))
    assert [len(found(script, sort)) for sort in (Sort.PAUSE, Sort.RESUME, Sort.COMMIT)] == [1, 1, 0]


@pytest.mark.parametrize(
    ("settings", "sound", "why"),
    [
        (CACHED, Sound(0.8, 0.8), "protected"),
        (replace(CACHED, barge_in_enabled=False), Sound(6.0, 0.8), "off"),
    ],
)
def test_a_voice_that_could_not_interrupt(settings: ConversationSettings, sound: Sound, why: str) -> None:
    (ignored, *_more) = found(
        Script(settings, caller=(sound,) if why == "protected" else (QUESTION, sound)), Sort.IGNORED
    )
    assert ignored.facts == {"why": why, "rms": 1500}


def test_an_answer_says_how_long_it_took() -> None:
    (answer, *_more) = found(TALK, Sort.ANSWER)
    assert answer.facts["ms"] == pytest.approx(400, abs=60)
    assert answer.facts["felt_ms"] > answer.facts["ms"]  # type: ignore[operator]


def test_a_function_is_named_and_the_end_has_a_reason() -> None:
    script = Script(CACHED, caller=(QUESTION,), asks=(Asks("book"), Asks("end_call")))
    assert [tool.facts["name"] for tool in found(script, Sort.TOOL)] == ["book", "end_call"]
    assert found(script, Sort.NOT_DONE)[0].facts == {"why": "unknown"}
    assert not found(script, Sort.TOOL_ANSWER), "that is the answer"
    assert [moment.facts["reason"] for moment in found(script, Sort.ENDED)] == ["assistant_hung_up"]


def test_which_key_was_pressed_is_not_told() -> None:
    assert moments_of([(0.0, [KeyPressed(1.0, "7")])]) == [Moment(1000, Sort.KEY)]
