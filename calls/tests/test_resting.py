"""What only goes on is not settled. A conversation that settles at every event decides the same at the same times."""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation import Conversation
from calls.conversation.commands import Command
from calls.tests.conftest import RESTS
from calls.tests.generated import generated
from calls.tests.script import Deafness, Mishap, Script, Sound
from calls.tests.test_call_properties import business, conversations, scripts, sounds
from calls.tests.world import World

pytestmark = pytest.mark.pure


def never(_conversation: Conversation, _at: float) -> bool:
    return False


def decided(script: Script, rests: Callable[[Conversation, float], bool]) -> list[tuple[float, Command]]:
    with mock.patch.object(Conversation, "_rests", rests):
        return World(script).run().commands


@generated(100)
@given(conversations())
def test_calls_with_interruptions_are_decided_as_if_everything_was_settled(script: Script) -> None:
    assert decided(script, RESTS) == decided(script, never)


@generated(100)
@given(
    scripts(
        business(),
        caller=sounds(most=8),
        mishaps=st.lists(st.sampled_from(Mishap), max_size=4).map(tuple),
        deafness=st.lists(st.sampled_from(Deafness), max_size=3).map(tuple),
        loses_marks=st.booleans(),
        seconds=st.just(40.0),
    )
)
def test_calls_in_trouble_are_too(script: Script) -> None:
    assert decided(script, RESTS) == decided(script, never)


@generated(50)
@given(st.lists(st.tuples(st.floats(0.0, 20.0), st.floats(0.02, 0.6)), max_size=6), st.booleans())
def test_silence_that_is_broken_now_and_then_is_too(sounds_after: list[tuple[float, float]], has_ears: bool) -> None:
    moment, caller = 0.5, []
    for gap, seconds in sounds_after:
        moment = round(moment + gap, 2)
        caller.append(Sound(moment, round(seconds, 2)))
        moment += seconds
    script = Script(caller=tuple(caller), deafness=(Deafness.DEAF_VAD,), has_ears=has_ears, seconds=120.0)
    assert decided(script, RESTS) == decided(script, never)
