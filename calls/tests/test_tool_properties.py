"""Function calls in generated calls: G17, with every mishap that G1 to G11 are held against."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation.commands import AnswerTool, CreateResponse, EndCall, NextStep, RunTool, TellResult
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import TurnCommitted
from calls.conversation.patience import WAITING_TONE
from calls.conversation.tool_calls import MOST_TOOL_ROUNDS
from calls.conversation.tool_events import ToolFinished
from calls.tests.generated import generated
from calls.tests.script import Asks, Script, Sound
from calls.tests.test_call_properties import conversations
from calls.tests.world import World

pytestmark = pytest.mark.pure

LEFT_BY_ASSISTANT = (EndReason.ASSISTANT_HUNG_UP, EndReason.ASSISTANT_TRANSFERRED)
HEARD_FROM_S = 0.12
"""A voice is known to be one after 80 ms, and a frame later."""

asked = st.builds(
    Asks,
    name=st.sampled_from(["end_call", "transfer_call", "order_pizza"]),
    wordless=st.booleans(),
    is_complete=st.sampled_from([True, True, False]),
    status=st.sampled_from(["completed", "completed", "incomplete", "failed"]),
)


@st.composite
def calls_with_tools(draw: st.DrawFn, asks: st.SearchStrategy[Asks | None]) -> Script:
    """Draw calls of a caller who often says more while the model is about to answer."""
    moment, caller = 0.8, list[Sound]()
    sounds = st.tuples(st.floats(0.55, 2.0), st.floats(0.3, 1.2), st.booleans())
    for gap, seconds, may_be_noise in draw(st.lists(sounds, min_size=1, max_size=6)):
        is_noise = may_be_noise and bool(caller)
        caller.append(Sound(round(moment, 2), 0.3 if is_noise else round(seconds, 2), is_noise))
        moment = caller[-1].start + caller[-1].seconds + gap
    drawn = draw(st.lists(asks, min_size=1, max_size=8).map(tuple))
    return replace(draw(conversations()), caller=tuple(caller), asks=drawn, seconds=20.0)


@generated(100)
@given(calls_with_tools(st.none() | asked))
def test_g17_the_assistant_leaves_for_the_turn_it_belongs_to_and_never_into_a_word(script: Script) -> None:
    world = World(script).run()
    answers = Counter(command.tool_call_id for _, command in world.all(AnswerTool) if isinstance(command, AnswerTool))
    assert max(answers.values(), default=0) <= 1
    if world.ended is None or world.ended.reason not in LEFT_BY_ASSISTANT:
        return
    ended_at = next(at for at, command in world.commands if isinstance(command, EndCall))
    for sound in script.caller:
        in_a_word = sound.start + HEARD_FROM_S < ended_at < sound.start + sound.seconds
        assert sound.is_noise or not in_a_word
    committed = [at for at, event in world.events if isinstance(event, TurnCommitted) and at < ended_at]
    last_turn = max(committed, default=0.0)
    if world.ended.next_step is NextStep.TRANSFER and not world.ended.was_announced:
        return  # Twilio's voice tells the caller
    requests = [(at, command) for at, command in world.all(CreateResponse) if isinstance(command, CreateResponse)]
    assert requests[-1][0] >= last_turn - 1e-6, "the last turn was answered, or led to the end"
    assert max(piece.at for piece in world.heard) > last_turn, "the caller was told"
    words = [piece for piece in world.twilio.buffer if not piece.item_id.startswith(WAITING_TONE)]
    assert not words, "and heard it to its end"


@generated(50)
@given(calls_with_tools(asked.filter(lambda asks: not asks.is_complete or asks.status != "completed")))
def test_g17_what_is_not_complete_never_ends_a_call(script: Script) -> None:
    world = World(script).run()
    assert world.ended is None or world.ended.reason not in LEFT_BY_ASSISTANT


@generated(50)
@given(calls_with_tools(st.just(Asks("order_pizza", wordless=True))))
def test_g17_results_of_functions_lead_to_two_responses_a_turn(script: Script) -> None:
    world = World(replace(script, mishaps=(), connects=(), asks=script.asks * 20)).run()
    since_turn = 0
    for command in _requests_and_turns(world):
        since_turn = 0 if command is None else since_turn + 1
        assert since_turn <= 1 + MOST_TOOL_ROUNDS


def _requests_and_turns(world: World) -> list[CreateResponse | None]:
    """Return the requests for responses in their order, and None for each turn of the caller's."""
    turns: list[tuple[float, CreateResponse | None]] = [
        (at, None) for at, event in world.events if isinstance(event, TurnCommitted)
    ]
    asks = [(at, command) for at, command in world.all(CreateResponse) if isinstance(command, CreateResponse)]
    return [command for _, command in sorted([*turns, *asks], key=lambda each: each[0])]


carried_out = st.builds(
    Asks,
    name=st.sampled_from(["take_message", "find_slots", "end_call", "order_pizza"]),
    wordless=st.booleans(),
    takes_s=st.sampled_from([0.0, 0.2, 0.8, 1.5, 4.0, 6.0, float("inf")]),
    fails=st.booleans(),
    must_be_told=st.booleans(),
)


@generated(100)
@given(calls_with_tools(st.none() | carried_out), st.lists(st.floats(0.5, 6.0), max_size=2).map(tuple))
def test_g17_a_function_is_begun_once_and_answered_once_whatever_happens(
    script: Script, lives: tuple[float, ...]
) -> None:
    """It succeeds, fails, is slow or never ends, nobody knows it, the caller interrupts, the session is lost."""
    able = replace(script.settings, tools=("take_message", "find_slots"))
    world = World(replace(script, settings=able, lives=lives)).run()
    begun = Counter(command.tool_call_id for _, command in world.all(RunTool) if isinstance(command, RunTool))
    assert {command.name for _, command in world.all(RunTool) if isinstance(command, RunTool)} <= set(able.tools)
    answers = Counter(command.tool_call_id for _, command in world.all(AnswerTool) if isinstance(command, AnswerTool))
    assert max(begun.values(), default=0) <= 1
    assert max(answers.values(), default=0) <= 1
    ended_at = next((at for at, command in world.commands if isinstance(command, EndCall)), float("inf"))
    told = [command.text for _, command in world.all(TellResult) if isinstance(command, TellResult)]
    for at, event in world.events:
        if isinstance(event, ToolFinished) and at < ended_at:
            reached = event.tool_call_id in answers or any(event.tool_call_id in text for text in told)
            assert reached or not world.conversation.line.link.is_ready, "the model is told what was done"
