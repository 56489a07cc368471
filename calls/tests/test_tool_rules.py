"""What the model asks for by function calls: done once, for the turn that it belongs to, never into a word (G17)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calls.conversation.commands import AnswerTool, CreateResponse, EndCall, NextStep, ResponseKind
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import (
    ModelLost,
    ModelReady,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    SpeechStarted,
    TurnCommitted,
)
from calls.conversation.responses import MOST_ATTEMPTS
from calls.conversation.tool_calls import Result
from calls.conversation.tool_events import ToolRequested
from calls.tests.table import GREETED, LINE_RMS, VOICE_RMS, Table, in_conversation

pytestmark = pytest.mark.pure

HUNG_UP = EndCall(EndReason.ASSISTANT_HUNG_UP, NextStep.HANG_UP)


def ask_for(
    table: Table, name: str, *, status: ResponseStatus = ResponseStatus.COMPLETED, is_complete: bool = True
) -> str:
    """Answer the last request with a function call and no word. Returns the call's id."""
    request = table.last(CreateResponse).request
    table.tell(ResponseCreated(table.now, f"of-{request}", request))
    table.tell(ToolRequested(table.now, f"of-{request}", f"call-{request}", name, "{}", is_complete))
    table.tell(ResponseEnded(table.now, f"of-{request}", status))
    return f"call-{request}"


def kinds(table: Table) -> list[ResponseKind]:
    return [command.kind for command in table.of(CreateResponse)]


@pytest.mark.parametrize(
    ("name", "words", "step"),
    [
        ("end_call", ResponseKind.GOODBYE, NextStep.HANG_UP),
        ("transfer_call", ResponseKind.HANDOVER, NextStep.TRANSFER),
    ],
)
def test_who_leaves_without_a_word_is_asked_for_it_first(name: str, words: ResponseKind, step: NextStep) -> None:
    table = in_conversation()
    table.say("bye")
    call_id = ask_for(table, name)
    table.hear(LINE_RMS, 1.0)
    assert kinds(table) == [ResponseKind.ANSWER, words]
    assert table.of(AnswerTool) == [AnswerTool(call_id, Result.SAY_IT_FIRST.value)]
    assert table.of(EndCall) == []
    table.respond(seconds=1.0)
    assert table.of(EndCall) == [], "it is still to be heard"
    table.play_out()
    assert table.last(EndCall).next_step is step


def test_a_goodbye_that_fails_again_and_again_does_not_keep_the_call_open() -> None:
    table = in_conversation()
    table.say("bye")
    ask_for(table, "end_call")
    for _ in range(MOST_ATTEMPTS):
        table.hear(LINE_RMS, 2.5)
        table.tell(ResponseEnded(table.now, "", ResponseStatus.FAILED))
    table.hear(LINE_RMS, 1.0)
    assert len(table.of(EndCall)) == 1


def test_a_caller_who_speaks_again_is_not_hung_up_on_in_a_word() -> None:
    table = in_conversation()
    table.say("what are your hours")
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 0.3)
    call_id = ask_for(table, "end_call")
    table.hear(VOICE_RMS, 1.0)
    table.hear(LINE_RMS, 0.5)
    table.tell(TurnCommitted(table.now, "more"))
    assert table.of(EndCall) == []
    assert table.of(AnswerTool) == [AnswerTool(call_id, Result.CALLER_GOES_ON.value)]
    assert kinds(table) == [ResponseKind.ANSWER] * 2


def test_a_word_that_openai_has_not_reported_yet_is_waited_for() -> None:
    table = in_conversation()
    table.say("what are your hours")
    table.hear(VOICE_RMS, 0.2)
    ask_for(table, "end_call")
    assert table.of(EndCall) == []
    assert kinds(table) == [ResponseKind.ANSWER], "no goodbye into the caller's word"


def test_a_sound_that_only_our_ears_hear_does_not_keep_the_call_open() -> None:
    table = in_conversation()
    table.say("bye")
    response_id = table.respond(seconds=0.5, end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "end_call"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    table.conversation.turns.interruptions._settings = replace(GREETED, barge_in_enabled=False)
    table.hear(VOICE_RMS, 5.0)
    assert table.of(EndCall) == [HUNG_UP]


def test_a_turn_over_a_goodbye_that_can_t_be_interrupted_is_answered() -> None:
    table = in_conversation(replace(GREETED, barge_in_enabled=False))
    table.say("bye")
    response_id = table.respond(seconds=3.0, end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "end_call"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    table.say("one more thing")
    assert len(table.of(CreateResponse)) == 1
    table.play_out()
    assert table.of(EndCall) == []
    assert table.of(AnswerTool) == [AnswerTool("tool1", Result.CALLER_GOES_ON.value)]
    assert len(table.of(CreateResponse)) == 2


@pytest.mark.parametrize("name", ["end_call", "transfer_call", "book_a_table"])
@pytest.mark.parametrize(
    ("status", "is_complete"),
    [(ResponseStatus.INCOMPLETE, True), (ResponseStatus.COMPLETED, False), (ResponseStatus.FAILED, True)],
)
def test_what_did_not_arrive_whole_is_not_carried_out(name: str, status: ResponseStatus, is_complete: bool) -> None:
    table = in_conversation()
    table.say()
    call_id = ask_for(table, name, status=status, is_complete=is_complete)
    table.hear(LINE_RMS, 1.0)
    assert table.of(EndCall) == []
    assert table.of(AnswerTool) == [AnswerTool(call_id, Result.INCOMPLETE.value)]
    assert kinds(table) == [ResponseKind.ANSWER] * 2


def test_a_model_that_only_asks_for_functions_does_so_twice_in_a_turn() -> None:
    table = in_conversation()
    table.say()
    for _ in range(3):
        ask_for(table, "order_pizza")
        table.hear(LINE_RMS, 0.1)
    assert [command.may_use_tools for command in table.of(CreateResponse)] == [True, True, False]
    assert table.of(EndCall) == [EndCall(EndReason.NO_ANSWER, NextStep.APOLOGIZE, failed=True, cause="only_functions")]


def test_a_model_that_has_answered_may_ask_for_functions_again_in_the_next_turn() -> None:
    table = in_conversation()
    table.say()
    ask_for(table, "order_pizza")
    table.hear(LINE_RMS, 0.1)
    ask_for(table, "order_pizza")
    table.hear(LINE_RMS, 0.1)
    table.respond(seconds=0.5)
    table.play_out()
    table.say("hello?")
    assert table.last(CreateResponse).may_use_tools


def test_the_same_request_is_carried_out_once() -> None:
    table = in_conversation()
    table.say()
    response_id = table.respond(end=False)
    for _ in range(3):
        table.tell(ToolRequested(table.now, response_id, "tool1", "order_pizza"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    assert len(table.of(AnswerTool)) == 1


def test_of_two_ways_to_leave_the_first_is_taken() -> None:
    table = in_conversation()
    table.say("bye")
    response_id = table.respond(end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "transfer_call"))
    table.tell(ToolRequested(table.now, response_id, "tool2", "end_call"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    table.play_out()
    assert table.of(AnswerTool) == [AnswerTool("tool2", Result.ALREADY_LEAVING.value)]
    assert table.last(EndCall).next_step is NextStep.TRANSFER


def test_what_a_lost_session_asked_for_is_forgotten() -> None:
    table = in_conversation()
    table.say()
    response_id = table.respond(end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "end_call"))
    table.tell(ModelLost(table.now, "closed_1006"))
    table.tell(ModelReady(table.now))
    table.play_out()
    table.respond(response_id="new")
    table.play_out()
    assert table.of(AnswerTool) == []
    assert table.of(EndCall) == []
