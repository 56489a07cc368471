"""Calls whose process is killed at any moment, and that go on in another stream: nothing twice, no dead air (G16)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calls.conversation.assistant import CACHED_GREETING
from calls.conversation.commands import KeepStanding, KeepTurn, Speaker
from calls.conversation.events import StreamResumed
from calls.tests.dead_air import longest_silence
from calls.tests.generated import generated
from calls.tests.script import Script, Sound
from calls.tests.test_call_properties import greeting_calls
from calls.tests.test_unheard import long_sounds
from calls.tests.world import World

pytestmark = pytest.mark.pure

LONGEST_SILENCE_S = 2.0
FIRST_SOUND_S = 3.0
MARKS_WAY_S = 0.1
"""How long a heard mark is on its way, besides the line's own time: a kill then leaves it unknown."""


def calls(caller: st.SearchStrategy[tuple[Sound, ...]] | None = None) -> st.SearchStrategy[Script]:
    """Draw calls in which only the process goes wrong, with a caller who says whole sentences unless one is named."""
    return greeting_calls(
        cached=True,
        caller=long_sounds() if caller is None else caller,
        mishaps=st.just(()),
        connects=st.just(()),
        seconds=st.just(24.0),
    )


def early_words() -> st.SearchStrategy[tuple[Sound, ...]]:
    """Draw a caller who says one sentence, soon, or none."""
    sentences = st.builds(lambda start, seconds: (Sound(start, seconds),), st.floats(3.0, 5.0), st.floats(0.8, 2.0))
    return st.just(()) | sentences


def on_record(world: World) -> StreamResumed:
    """Returns the first event of the process that goes on: all that the dead one has left."""
    kept = [command for _at, command in world.commands if isinstance(command, KeepStanding)]
    standing = kept[-1] if kept else KeepStanding(first_was_heard=False, is_busy=True)
    turns = {command.position: command for _at, command in world.commands if isinstance(command, KeepTurn)}
    whole = [turns.get(position) for position in range(max(turns, default=-1) + 1)]
    return StreamResumed(
        0.0,
        speakers=tuple((turn.speaker if turn else Speaker.ASSISTANT).value for turn in whole),
        words=tuple(turn.heard_text if turn else "" for turn in whole),
        first_was_heard=standing.first_was_heard,
        was_busy=standing.is_busy,
    )


def greetings_heard(world: World) -> float:
    """Returns how often the greeting was heard, in parts of it."""
    heard = sum(piece.end - piece.start for piece in world.heard if piece.item_id == CACHED_GREETING)
    return heard / world.script.settings.greeting_bytes


def killed(script: Script, at: float, gap_s: float) -> tuple[World, World]:
    """Returns a call up to the kill, and the call that goes on `gap_s` later."""
    before = World(replace(script, seconds=at)).run()
    assume(before.ended is None)
    rest = tuple(
        replace(sound, start=round(sound.start - at - gap_s, 2)) for sound in script.caller if sound.start >= at + gap_s
    )
    after = World(replace(script, caller=rest, seconds=16.0), begins=on_record(before)).run()
    return before, after


@generated(60)
@given(calls(), st.floats(0.05, 12.0), st.floats(0.3, 1.5))
def test_the_greeting_is_heard_whole_and_once(script: Script, at: float, gap_s: float) -> None:
    before, after = killed(script, at, gap_s)
    assert after.ended is None
    first, second = greetings_heard(before), greetings_heard(after)
    assert first >= 1.0 or second == 1.0
    if first >= 1.0 and second:
        greeting_s = script.settings.greeting_bytes / 8000
        assert at <= greeting_s + 3 * script.latency_s + MARKS_WAY_S, "only the mark was on its way"


@generated(60)
@given(calls(), st.floats(0.05, 12.0), st.floats(0.3, 1.5))
def test_nobody_waits_in_silence(script: Script, at: float, gap_s: float) -> None:
    before, after = killed(script, at, gap_s)
    resumed = on_record(before)
    assert longest_silence(after) <= LONGEST_SILENCE_S
    if resumed.was_busy:
        moments = [piece.at for piece in after.heard] + [sound.start for sound in after.script.caller]
        assert min(moments, default=float("inf")) <= FIRST_SOUND_S


@generated(60)
@given(calls(early_words()), st.floats(14.0, 22.0), st.floats(0.3, 1.5))
def test_who_was_only_listened_to_hears_nothing_new(script: Script, at: float, gap_s: float) -> None:
    before, after = killed(script, at, gap_s)
    resumed = on_record(before)
    assume(resumed.first_was_heard and not resumed.was_busy)
    assert after.heard == []
