"""The greeting certificate says "heard whole" where the caller heard every byte, and never else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation import ConversationSettings, Protection
from calls.conversation.commands import ClearPlayback, Play
from calls.conversation.events import CallerLeft, Event, MarkReturned
from calls.records.certificates import Certificate, Verdict, certify, of_stored
from calls.records.replay import replay
from calls.records.traces import Decided, TraceLine
from calls.tests.generated import generated
from calls.tests.script import Mishap, Script, Sound
from calls.tests.test_call_properties import GREETING, business, scripts
from calls.tests.world import World

pytestmark = pytest.mark.pure

CACHED = ConversationSettings(greeting_text=GREETING, greeting_bytes=16_000, language="en")
SPOKEN = replace(CACHED, greeting_bytes=0)
SHOUT = (Sound(0.8, 1.0),)


def trace_of(world: World) -> list[TraceLine]:
    return replay([event for _at, event in world.events], world.script.settings, own_ticks=False)


def certificate(script: Script) -> Certificate:
    world = World(script).run()
    return certify([(0.0, trace_of(world))], script.settings)


def changed(script: Script, change: object) -> Certificate:
    """The certificate of a call whose marks are changed on their way: `change` gives each a new one, or None."""
    events: list[Event] = []
    for _at, event in World(script).run().events:
        new = change(event) if isinstance(event, MarkReturned) else event  # type: ignore[operator]
        if new is not None:
            events.append(new)
    events.sort(key=lambda event: event.at)
    return certify([(0.0, replay(events, script.settings, own_ticks=True))], script.settings)


def last_mark(script: Script) -> str:
    """The mark behind the greeting's last byte."""
    marks = [line.command.mark for line in trace_of(World(script).run()) if isinstance(line, Decided)
             and isinstance(line.command, Play)]  # fmt: skip
    return next(mark for mark in marks if mark.endswith(":16000"))


# Calls as they are ------------------------------------------------------------------------------------
def test_a_cached_greeting_is_heard_whole_though_the_caller_shouts() -> None:
    found = certificate(Script(CACHED, caller=SHOUT))
    assert found == Certificate(
        Verdict.HEARD_WHOLE, attempts=1, bytes_sent=16_000, bytes_marked=16_000, heard_at_s=2.04, interruptions=0
    )
    assert of_stored(found.stored()) == found


def test_a_spoken_greeting_counts_its_attempts() -> None:
    found = certificate(Script(SPOKEN, mishaps=(Mishap.FAILED, Mishap.REJECTED)))
    assert (found.verdict, found.attempts, found.bytes_sent) == (Verdict.HEARD_WHOLE, 3, 24_000)
    assert found.bytes_marked == 24_000


def test_a_spoken_greeting_that_breaks_off_is_not_whole_unless_its_rest_follows() -> None:
    found = certificate(Script(SPOKEN, mishaps=(Mishap.FAILED_LATE,)))
    assert (found.verdict, found.attempts) == (Verdict.HEARD_WHOLE, 2)


def test_nothing_is_certified_where_the_caller_speaks_first() -> None:
    assert certificate(Script(ConversationSettings(), caller=SHOUT)).verdict is Verdict.NO_GREETING


def test_an_unprotected_greeting_that_is_cut_off_was_interrupted() -> None:
    settings = replace(CACHED, first_utterance_protection=Protection.OFF)
    found = certificate(Script(settings, caller=SHOUT))
    assert (found.verdict, found.heard_at_s) == (Verdict.INTERRUPTED, None)
    assert found.interruptions >= 1
    assert 0 < found.bytes_marked < 16_000


def test_a_caller_who_leaves_did_not_hear_it_whole() -> None:
    events = [event for at, event in World(Script(CACHED)).run().events if at < 1.0]
    found = certify([(0.0, replay([*events, CallerLeft(1.0)], CACHED, own_ticks=False))], CACHED)
    assert (found.verdict, found.heard_at_s, found.bytes_sent) == (Verdict.LEFT, None, 16_000)


# Marks that can't be believed -----------------------------------------------------------------------------
def test_without_its_last_mark_it_was_not_heard() -> None:
    script = Script(CACHED)
    last = last_mark(script)
    found = changed(script, lambda mark: None if mark.name == last else mark)
    assert (found.verdict, found.heard_at_s, found.bytes_sent) == (Verdict.MARK_MISSING, None, 16_000)
    assert 0 < found.bytes_marked < 16_000


def test_without_any_mark_it_was_not_heard_though_the_call_goes_on_by_the_clock() -> None:
    found = certificate(Script(CACHED, loses_marks=True, caller=(Sound(4.0, 1.0),)))
    assert (found.verdict, found.bytes_marked, found.heard_at_s) == (Verdict.MARK_MISSING, 0, None)


def test_a_mark_that_is_too_early_is_not_believed() -> None:
    script = Script(CACHED)
    last = last_mark(script)
    found = changed(script, lambda mark: MarkReturned(1.0, last) if mark.name == last else mark)
    assert (found.verdict, found.heard_at_s, found.early_marks) == (Verdict.MARK_EARLY, None, 1)


def test_a_mark_that_nobody_sent_changes_nothing() -> None:
    script = Script(CACHED, loses_marks=True)
    events = [event for _at, event in World(script).run().events]
    forged = sorted([*events, MarkReturned(2.5, "1:greeting:99999")], key=lambda event: event.at)
    found = certify([(0.0, replay(forged, CACHED, own_ticks=False))], CACHED)
    assert found.verdict is Verdict.MARK_MISSING


def test_a_greeting_that_a_broken_line_cut_off_is_said_again() -> None:
    events = [event for at, event in World(Script(CACHED)).run().events if at < 1.0]
    first = replay([*events, CallerLeft(1.0)], CACHED, own_ticks=False)
    second = trace_of(World(Script(CACHED)).run())
    found = certify([(0.0, first), (5.0, second)], CACHED)
    assert (found.verdict, found.attempts, found.heard_at_s) == (Verdict.HEARD_WHOLE, 2, 7.04)


# Whatever happens ------------------------------------------------------------------------------------------
OPENING = st.one_of(
    business(greeting_text=GREETING),
    business(greeting_text=GREETING, greeting_bytes=16_000),
    business(greeting_text=GREETING, greeting_bytes=16_000, first_utterance_protection=Protection.OFF),
)


@generated(150)
@given(script=scripts(OPENING, loses_marks=st.booleans(), seconds=st.sampled_from([2.0, 6.0, 15.0])))
def test_heard_whole_means_that_every_byte_was_played(script: Script) -> None:
    world = World(script).run()
    lines = trace_of(world)
    found = certify([(0.0, lines)], script.settings)
    plays = [line.command for line in lines if isinstance(line, Decided) and isinstance(line.command, Play)]
    if found.is_heard_whole:
        assert found.heard_at_s is not None
        assert found.interruptions == 0
        played = sum(each.end - each.start for each in world.heard if each.at <= found.heard_at_s + 1e-3)
        assert played >= found.bytes_sent == found.bytes_marked
        assert not script.loses_marks
    if script.settings.greeting_bytes and not script.loses_marks and not found.interruptions and plays:
        whole = world.heard_of("greeting") == [(0, 16_000)]
        is_back_at = 2.0 + 3 * script.latency_s + 0.1
        # A clear while the last marks are on their way leaves open which of them it has sent back.
        came_back = world.now >= is_back_at and not any(at < is_back_at for at, _ in world.all(ClearPlayback))
        assert found.is_heard_whole == whole or not came_back
