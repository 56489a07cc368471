"""No caller hears nothing for more than two seconds, whatever OpenAI does; and nothing is given up silently (G12)."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation import ConversationSettings
from calls.conversation.commands import ConnectModel, EndCall, NextStep
from calls.conversation.end_reasons import EndReason
from calls.conversation.patience import LONGEST_WAIT_S
from calls.tests.dead_air import longest_silence
from calls.tests.generated import generated
from calls.tests.script import Mishap, Script, Sound
from calls.tests.test_call_properties import GREETING, business, moments, scripts
from calls.tests.world import World

pytestmark = pytest.mark.pure

LONGEST_SILENCE_S = 2.0
ASKS = (Sound(3.0, 0.5),)
ALWAYS = [mishap for mishap in Mishap if mishap not in (Mishap.NONE, Mishap.CUT_OFF)]  # what was cut off was heard
GREETED = ConversationSettings(language="en", greeting_text=GREETING, greeting_bytes=4000)


def troubled(**fixed: st.SearchStrategy[object]) -> st.SearchStrategy[Script]:
    """Draw calls in which many things go wrong with the responses and with the line."""
    drawn: dict[str, st.SearchStrategy[object]] = {
        "mishaps": st.lists(st.sampled_from(list(Mishap)), max_size=8).map(tuple),
        "cancel_s": st.sampled_from([0.0, 0.3, 3.0, 6.0]),
        "lives": st.lists(st.floats(0.0, 8.0), max_size=6).map(tuple),
        "connect_s": st.floats(0.05, 0.6),
        "latency_s": st.floats(0.0, 0.12),
        "seconds": st.just(24.0),
    }
    return scripts(business(greeting_text=GREETING, greeting_bytes=4000), **{**drawn, **fixed})


@generated(40)
@given(troubled())
def test_no_caller_hears_nothing_for_more_than_two_seconds(script: Script) -> None:
    assert longest_silence(World(script).run()) <= LONGEST_SILENCE_S


@generated(40)
@given(troubled(caller=st.just(ASKS), mishaps=st.just(()), after_mishaps=st.sampled_from(ALWAYS), lives=st.just(())))
def test_trouble_that_does_not_pass_ends_at_the_fallback_and_never_in_silence(script: Script) -> None:
    world = World(replace(script, seconds=60.0)).run()
    assert longest_silence(world) <= LONGEST_SILENCE_S
    assert world.ended is not None
    assert world.ended.next_step is NextStep.APOLOGIZE
    assert world.ended.failed
    assert world.ended.reason in (EndReason.NO_ANSWER, EndReason.MODEL_UNAVAILABLE)
    assert world.ended.cause


@generated(40)
@given(
    troubled(
        caller=st.just(ASKS),
        mishaps=st.lists(
            st.sampled_from([Mishap.RATE_LIMITED, Mishap.IN_THE_WAY, Mishap.SILENT, Mishap.FILTERED, Mishap.FAILED]),
            min_size=3,
            max_size=4,
        ).map(tuple),
        lives=st.just(()),
    )
)
def test_trouble_that_passes_within_seconds_ends_in_an_answer(script: Script) -> None:
    world = World(script).run()
    assert longest_silence(world) <= LONGEST_SILENCE_S
    answers = [piece.at for piece in world.heard if piece.item_id in world.responses_of_items]
    assert answers
    assert answers[0] <= ASKS[0].start + ASKS[0].seconds + LONGEST_WAIT_S


@generated(40)
@given(troubled(caller=st.just(ASKS), mishaps=st.just(()), lives=st.lists(st.floats(0.0, 1.5), min_size=40).map(tuple)))
def test_a_line_that_dies_young_is_opened_a_few_times_and_then_given_up(script: Script) -> None:
    world = World(script).run()
    opened = moments(world, ConnectModel)
    assert len(opened) <= 12
    assert all(late - early >= 0.2 for early, late in pairwise(opened[2:]))
    assert world.ended is not None
    assert (world.ended.reason, world.ended.next_step) == (EndReason.MODEL_UNAVAILABLE, NextStep.APOLOGIZE)


@pytest.mark.parametrize("mishap", ALWAYS)
def test_one_mishap_for_ever(mishap: Mishap) -> None:
    world = World(Script(GREETED, ASKS, after_mishaps=mishap, seconds=60.0)).run()
    assert longest_silence(world) <= LONGEST_SILENCE_S
    assert isinstance(world.ended, EndCall)
    assert (world.ended.next_step, world.ended.failed) == (NextStep.APOLOGIZE, True)
