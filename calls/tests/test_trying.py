"""Other settings on recorded calls: what would have been, from where the call really stood; and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calls.conversation import ConversationSettings
from calls.conversation.copying import copy_with
from calls.conversation.events import CallerFrame, Event
from calls.records import replay, trying
from calls.records.measuring import pauses_in
from calls.records.traces import Decided, TraceLine, decode, encode
from calls.records.trying import Moment, Outcome, try_settings
from calls.tests.generated import generated
from calls.tests.script import Mishap, Script, Sound
from calls.tests.test_call_properties import business, conversations, scripts
from calls.tests.world import World

pytestmark = pytest.mark.pure

IGNORED, WENT_ON, INTERRUPTED = Outcome.IGNORED, Outcome.WENT_ON, Outcome.INTERRUPTED
OWN = ConversationSettings(greeting_text="Hello", greeting_bytes=8_000, language="en")


def traced(script: Script) -> list[TraceLine]:
    """Returns the trace of a call as it is kept: written and read back."""
    world = World(script).run()
    lines: list[TraceLine] = []
    commands = iter(world.commands)
    for event, number in zip((event for _at, event in world.events), world.commands_of_events, strict=True):
        lines.append(event)
        lines += [Decided(event.at, next(commands)[1]) for _ in range(number)]
    return list(decode(encode(lines)))


def call_with(
    *sounds: Sound, has_ears: bool = False, **changes: object
) -> tuple[list[TraceLine], ConversationSettings]:
    """A call whose caller asks something, and makes these sounds over the answer of ten seconds."""
    own = replace(OWN, **changes)  # type: ignore[arg-type]
    script = Script(own, (Sound(1.5, 1.0), *sounds), answer_s=10.0, seconds=16.0, has_ears=has_ears)
    return traced(script), own


# The same settings ---------------------------------------------------------------------------------------
@given(scripts(business()))
@example(Script(OWN, (Sound(0.5, 1.0), Sound(4.0, 0.1, is_noise=True), Sound(7.0, 1.0)), (Mishap.FAILED_LATE,)))
@generated(25)
def test_a_replay_gives_the_commands_of_the_live_call(script: Script) -> None:
    trace = traced(script)
    assert replay.replay(trace, script.settings, own_ticks=False) == trace


@given(scripts(business()))
@generated(25)
def test_the_same_settings_would_have_changed_nothing(script: Script) -> None:
    moments = try_settings(traced(script), script.settings, script.settings)
    assert [moment for moment in moments if moment.is_changed] == []


class Never(trying.Indifferent):
    """Nothing is all one: each utterance is copied where it begins, and to its end."""

    is_gate_same = False

    def passes(self, event: Event) -> bool:
        return False


@given(
    st.one_of(scripts(business()), conversations()), st.integers(2, 20), st.integers(100, 900), st.booleans(),
    st.sampled_from([0, 200, 800]), st.integers(0, 1500),
)  # fmt: skip
@generated(40)
def test_a_copy_that_begins_late_and_ends_early_finds_the_same(
    script: Script, frames: int, debounce_ms: int, switch: bool, gate_rms: int, grace_ms: int
) -> None:
    tried = replace(
        script.settings, barge_in_voice_frames=frames, barge_in_debounce_ms=debounce_ms,
        backchannels_interrupt=switch, resume_after_false_barge_in=not switch,
        echo_gate_min_rms=gate_rms, barge_in_grace_ms=grace_ms,
    )  # fmt: skip
    trace = traced(script)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trying, "Indifferent", Never)
        whole = try_settings(trace, script.settings, tried)
    assert try_settings(trace, script.settings, tried) == whole


@given(scripts(business()), st.integers(2, 20), st.integers(100, 900))
@generated(25)
def test_trying_settings_is_told_of_every_interruption_that_was(script: Script, frames: int, debounce_ms: int) -> None:
    """Whatever is tried, what was is what the call's own trace says; and the trial changes nothing in it."""
    trace = traced(script)
    tried = replace(script.settings, barge_in_voice_frames=frames, barge_in_debounce_ms=debounce_ms)
    moments = try_settings(trace, script.settings, tried)
    was = [moment for moment in moments if moment.was is not IGNORED]
    assert len(was) <= len(pauses_in(trace)) + sum(moment.was is INTERRUPTED for moment in was)
    assert [moment for moment in try_settings(trace, script.settings, script.settings) if moment.is_changed] == []


# Other settings ------------------------------------------------------------------------------------------
def test_less_speech_interrupts_sooner() -> None:
    trace, own = call_with(Sound(6.0, 1.5), resume_after_false_barge_in=False)
    found = try_settings(trace, own, replace(own, barge_in_debounce_ms=200, barge_in_voice_frames=3))
    assert [(moment.was, moment.would, moment.sooner_ms) for moment in found] == [(INTERRUPTED, INTERRUPTED, 60)]


def test_a_cough_that_would_have_interrupted() -> None:
    trace, own = call_with(Sound(6.0, 0.26, is_noise=True))
    assert [(moment.was, moment.would) for moment in try_settings(trace, own, own)] == [(WENT_ON, WENT_ON)]
    found = try_settings(trace, own, replace(own, barge_in_debounce_ms=150))
    assert [(moment.was, moment.would) for moment in found] == [(WENT_ON, INTERRUPTED)]


def test_a_pause_for_nothing_that_would_not_have_been() -> None:
    trace, own = call_with(Sound(6.0, 0.26, is_noise=True), Sound(9.0, 0.26, is_noise=True))
    found = try_settings(trace, own, replace(own, barge_in_voice_frames=16))
    assert [(moment.was, moment.would) for moment in found] == [(WENT_ON, IGNORED), (WENT_ON, IGNORED)]


def test_a_sound_that_was_ignored() -> None:
    trace, own = call_with(Sound(6.0, 0.1, is_noise=True))
    assert try_settings(trace, own, own) == []
    found = try_settings(trace, own, replace(own, barge_in_voice_frames=3))
    assert [(moment.was, moment.would) for moment in found] == [(IGNORED, WENT_ON)]


def test_an_interruption_that_would_not_have_come() -> None:
    trace, own = call_with(Sound(6.0, 0.6))
    found = try_settings(trace, own, replace(own, barge_in_enabled=False))
    assert [moment.would for moment in found if moment.was is INTERRUPTED] == [IGNORED]


def test_one_difference_does_not_spoil_the_next_sentence() -> None:
    """The first sound would have interrupted; the second sentence is tried from where the call really stood."""
    trace, own = call_with(Sound(6.0, 0.26, is_noise=True), Sound(9.0, 1.0), Sound(13.0, 1.0))
    found = try_settings(trace, own, replace(own, barge_in_debounce_ms=150))
    assert [moment.would for moment in found][:1] == [INTERRUPTED]
    assert [(moment.was, moment.would) for moment in found][1:] == [(INTERRUPTED, INTERRUPTED)]


def test_a_copy_goes_on_by_itself() -> None:
    trace, own = call_with(Sound(6.0, 1.0))
    world = World(Script(own, (Sound(1.5, 1.0),), seconds=5.0)).run()
    original = world.conversation
    copy = copy_with(original, replace(own, barge_in_enabled=False))
    before = original.history()
    for number in range(50):
        copy.handle(CallerFrame(5.1 + number * 0.02, 3000))
    assert original.history() == before
    assert not copy_with(original, own).first_utterance_protected
    assert copy.settings.barge_in_enabled is False
    assert copy.turns.interruptions.are_allowed is False
    assert original.turns.interruptions.are_allowed
    assert trace


def test_a_moment_that_a_caller_would_not_notice() -> None:
    assert not Moment(1.0, WENT_ON, WENT_ON, 40).is_changed
    assert Moment(1.0, INTERRUPTED, INTERRUPTED, 20).is_changed
