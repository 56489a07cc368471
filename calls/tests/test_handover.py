"""A transfer that a person of the business asks for is announced by the assistant, and done when that was heard."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calls.conversation.commands import (
    AnswerTool,
    CancelResponse,
    ClearPlayback,
    CreateResponse,
    EndCall,
    NextStep,
    Play,
    ResponseKind,
)
from calls.conversation.end_reasons import EndReason, StreamFault
from calls.conversation.events import (
    ModelLost,
    OperatorAsked,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    StreamBroke,
)
from calls.conversation.handover import HEARD_WITHIN_S
from calls.conversation.tool_calls import Result
from calls.conversation.tool_events import ToolRequested
from calls.tests.generated import generated
from calls.tests.script import Script
from calls.tests.table import GREETED, VOICE_RMS, Table, in_conversation
from calls.tests.test_tool_properties import asked, calls_with_tools
from calls.tests.world import World

pytestmark = pytest.mark.pure

SLACK_S = 0.05
ANNOUNCED = EndCall(EndReason.OPERATOR_TRANSFERRED, NextStep.TRANSFER, was_announced=True)
UNANNOUNCED = replace(ANNOUNCED, was_announced=False)


# In generated calls ---------------------------------------------------------------------------------------------
class Announcement:
    """What became of the announcement in a call that was played. Expects that somebody asked for a transfer."""

    def __init__(self, world: World) -> None:
        asked_at = next(at for at, event in world.events if isinstance(event, OperatorAsked))
        wanted = [c for at, c in world.all(CreateResponse) if isinstance(c, CreateResponse) and at >= asked_at]
        requests = {each.request for each in wanted if each.kind in (ResponseKind.HANDOVER, ResponseKind.CONTINUATION)}
        created = [event for _, event in world.events if isinstance(event, ResponseCreated)]
        self.responses = {each.response_id for each in created if each.request in requests}
        self.items = {item for item in world.generated if world.responses_of_items.get(item) in self.responses}
        self.begun_at = [at for at, c in world.all(Play) if isinstance(c, Play) and c.item_id in self.items]


def announced_calls() -> st.SearchStrategy[Script]:
    scripts = calls_with_tools(st.none() | asked)
    moments, lengths = st.floats(0.3, 14.0), st.floats(0.5, 9.0)
    return st.builds(
        lambda script, at, answer_s: replace(
            script, told=(OperatorAsked(round(at, 2), NextStep.TRANSFER),), answer_s=answer_s, seconds=26.0
        ),
        scripts, moments, lengths,
    )  # fmt: skip


@generated(100)
@given(announced_calls())
def test_what_is_announced_was_heard_whole_and_once(script: Script) -> None:
    world = World(script).run()
    ended_at = next((at for at, command in world.commands if isinstance(command, EndCall)), float("inf"))
    asked_at = script.told[0].at
    assume(asked_at <= ended_at)
    found, end = Announcement(world), world.ended
    assert end is not None
    assert ended_at <= asked_at + HEARD_WITHIN_S + SLACK_S
    if end.reason is EndReason.OPERATOR_TRANSFERRED:
        assert (end.next_step, end.failed) == (NextStep.TRANSFER, False)
    if end.was_announced:
        assert all(at < min(found.begun_at, default=ended_at) + SLACK_S for at, _ in world.all(CancelResponse))
    for item in found.items:
        ranges = world.heard_of(item)
        assert len(ranges) <= 1, "nothing of it is heard twice"
        if end.was_announced and end.reason is EndReason.OPERATOR_TRANSFERRED:
            assert ranges == [(0, world.generated[item])], "all that was generated was heard"
    if end == ANNOUNCED:
        assert found.items
        assert not world.twilio.buffer


@generated(50)
@given(announced_calls())
def test_what_is_not_announced_was_not_heard_whole(script: Script) -> None:
    """Then Twilio's voice says it, and nobody is to be told twice."""
    world = World(script).run()
    if world.ended != UNANNOUNCED:
        return
    found, ended_at = Announcement(world), world.commands[-1][0]
    for _, event in world.events:
        if not isinstance(event, ResponseEnded) or event.response_id not in found.responses:
            continue
        if event.status is ResponseStatus.COMPLETED and found.items:
            words = [piece for piece in world.heard if world.responses_of_items.get(piece.item_id) == event.response_id]
            whole = sum(world.generated[item] for item in {piece.item_id for piece in words})
            before = [piece for piece in words if piece.at < ended_at - 2 * script.latency_s - SLACK_S]
            assert not words or sum(piece.end - piece.start for piece in before) < whole


# One by one -----------------------------------------------------------------------------------------------------
def asked_for(table: Table) -> Table:
    table.tell(OperatorAsked(table.now, NextStep.TRANSFER))
    return table


def test_the_assistant_says_it_and_then_the_caller_is_put_through() -> None:
    table = asked_for(in_conversation())
    assert table.last(CreateResponse).kind is ResponseKind.HANDOVER
    table.respond(seconds=2.0)
    table.wait(1.9)
    assert table.of(EndCall) == []
    table.wait(0.2)
    assert table.of(EndCall) == [ANNOUNCED]


def test_what_the_assistant_was_saying_is_cut_off_for_it() -> None:
    table = in_conversation()
    table.say()
    table.respond(seconds=9.0)
    table.wait(1.0)
    asked_for(table)
    assert len(table.of(ClearPlayback)) == 1
    assert table.last(CreateResponse).kind is ResponseKind.HANDOVER


def test_who_interrupts_it_is_not_made_to_listen_and_is_put_through() -> None:
    table = asked_for(in_conversation())
    table.respond(seconds=3.0)
    table.wait(1.0)
    table.hear(VOICE_RMS, 1.0)
    assert len(table.of(ClearPlayback)) == 1
    assert table.of(EndCall) == [UNANNOUNCED]


def test_what_the_caller_says_before_it_is_heard_does_not_take_it_back() -> None:
    table = asked_for(in_conversation())
    table.speak(seconds=1.0)
    assert table.of(CancelResponse) == []
    table.respond(seconds=2.0)
    table.play_out()
    assert table.of(EndCall) == [ANNOUNCED]


def test_a_turn_that_was_committed_before_it_was_asked_for_does_not_take_its_place() -> None:
    table = in_conversation()
    table.say()
    table.respond(seconds=9.0, end=False)  # what is cancelled ends later, and the request waits for that
    asked_for(table)
    table.speak()
    table.tell(ResponseEnded(table.now, table.last(CancelResponse).response_id, ResponseStatus.CANCELLED))
    table.wait(1.0)
    assert table.last(CreateResponse).kind is ResponseKind.HANDOVER


def test_without_a_sound_it_is_not_waited_for_longer_than_its_time() -> None:
    table = asked_for(in_conversation())
    for _ in range(12):
        request = table.last(CreateResponse).request
        table.tell(ResponseCreated(table.now, f"of-{request}", request))
        table.tell(ResponseEnded(table.now, f"of-{request}", ResponseStatus.FAILED))
        table.wait(0.6)
    assert table.of(EndCall) == []
    table.wait(HEARD_WITHIN_S)
    assert table.of(EndCall) == [UNANNOUNCED]


def test_one_that_broke_off_is_said_again_by_somebody_else() -> None:
    table = asked_for(in_conversation())
    response_id = table.respond(seconds=1.0, end=False)
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.CANCELLED))
    table.play_out()
    assert table.of(EndCall) == [UNANNOUNCED]


def test_who_asks_again_does_not_wait() -> None:
    table = asked_for(in_conversation())
    assert asked_for(table).of(EndCall) == [UNANNOUNCED]


@pytest.mark.parametrize("ready", [True, False])
def test_under_the_greeting_or_without_a_model_it_is_done_at_once(ready: bool) -> None:
    table = Table(GREETED, ready=ready)
    if not ready:
        table.play_out()
    assert asked_for(table).of(EndCall) == [UNANNOUNCED]
    assert table.of(ClearPlayback) == []


def test_a_line_that_is_given_up_or_a_stream_that_breaks_puts_the_caller_through() -> None:
    table = asked_for(in_conversation())
    table.tell(ModelLost(table.now, "no_credit", permanent=True))
    assert table.of(EndCall) == [replace(UNANNOUNCED, cause="no_credit")]
    table = asked_for(in_conversation())
    table.tell(StreamBroke(table.now, "closed (1006)", StreamFault.CLOSED))
    assert table.of(EndCall) == [replace(UNANNOUNCED, cause=StreamFault.CLOSED)]


# What the assistant asks for itself ------------------------------------------------------------------------------
def test_whom_the_model_has_lost_on_the_way_is_put_through_all_the_same() -> None:
    table = in_conversation()
    table.say()
    request = table.last(CreateResponse).request
    table.tell(ResponseCreated(table.now, "of-it", request))
    table.tell(ToolRequested(table.now, "of-it", "tool1", "transfer_call", '{"reason": "pays"}'))
    table.tell(ResponseEnded(table.now, "of-it", ResponseStatus.COMPLETED))
    table.wait(1.0)
    assert table.of(AnswerTool) == [AnswerTool("tool1", Result.SAY_IT_FIRST.value)]
    assert table.last(CreateResponse).kind is ResponseKind.HANDOVER
    table.tell(ModelLost(table.now, "no_credit", permanent=True))
    unannounced = EndCall(EndReason.ASSISTANT_TRANSFERRED, NextStep.TRANSFER, cause="no_credit", about="pays")
    assert table.of(EndCall) == [unannounced]
