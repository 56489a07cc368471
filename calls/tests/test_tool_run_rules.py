"""Functions that are carried out while the call goes on: begun once, waited for, and told truthfully (G17)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calls.conversation.commands import AnswerTool, CreateResponse, EndCall, NextStep, ResponseKind, RunTool, TellResult
from calls.conversation.events import (
    ModelLost,
    ModelReady,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    StreamResumed,
)
from calls.conversation.tool_events import ToolFinished, ToolRequested
from calls.conversation.tool_runs import FILLER_AFTER_S, LONGEST_RUN_S, TAKES_TOO_LONG
from calls.tests.table import GREETED, LINE_RMS, Table, in_conversation

pytestmark = pytest.mark.pure

ABLE = replace(GREETED, tools=("take_message", "find_slots"))
DONE = '{"outcome": "taken"}'


def ask_for(table: Table, *names: str, seconds: float = 0.0) -> list[str]:
    """Answer the last request with function calls, after `seconds` of words. Returns the calls' ids."""
    request = table.last(CreateResponse).request
    response_id = f"of-{request}"
    if seconds:
        table.respond(seconds=seconds, response_id=response_id, end=False)
    else:
        table.tell(ResponseCreated(table.now, response_id, request))
    ids = [f"call-{request}-{name}" for name in names]
    for call_id, name in zip(ids, names, strict=True):
        table.tell(ToolRequested(table.now, response_id, call_id, name, "{}"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    return ids


def finish(table: Table, call_id: str, output: str = DONE, *, failed: bool = False, told: bool = True) -> None:
    table.tell(ToolFinished(table.now, call_id, output, failed, told))


def kinds(table: Table) -> list[ResponseKind]:
    return [command.kind for command in table.of(CreateResponse)]


def test_a_function_is_begun_when_its_response_has_ended_and_its_result_is_spoken_about() -> None:
    table = in_conversation(ABLE)
    table.say("take a message")
    (call_id,) = ask_for(table, "take_message")
    assert table.of(RunTool) == [RunTool(call_id, "take_message", "{}")]
    assert (table.of(AnswerTool), kinds(table)) == ([], [ResponseKind.ANSWER])
    finish(table, call_id)
    assert table.of(AnswerTool) == [AnswerTool(call_id, DONE)]
    assert kinds(table) == [ResponseKind.ANSWER] * 2


def test_what_no_business_offers_is_not_begun() -> None:
    table = in_conversation(GREETED)
    table.say()
    ask_for(table, "take_message")
    assert table.of(RunTool) == []


def test_two_functions_of_one_response_are_spoken_about_together() -> None:
    table = in_conversation(ABLE)
    table.say()
    first, second = ask_for(table, "take_message", "find_slots")
    finish(table, first)
    assert kinds(table) == [ResponseKind.ANSWER]
    finish(table, second)
    assert kinds(table) == [ResponseKind.ANSWER] * 2
    assert len(table.of(AnswerTool)) == 2


def test_a_slow_function_is_bridged_by_a_few_words_once() -> None:
    table = in_conversation(ABLE)
    table.say()
    (call_id,) = ask_for(table, "find_slots")
    table.hear(LINE_RMS, FILLER_AFTER_S + 0.1)
    assert kinds(table) == [ResponseKind.ANSWER, ResponseKind.FILLER]
    table.respond(seconds=0.5)
    table.play_out()
    table.hear(LINE_RMS, 2.0)
    finish(table, call_id)
    assert kinds(table) == [ResponseKind.ANSWER, ResponseKind.FILLER, ResponseKind.ANSWER]


def test_a_result_that_comes_before_the_filler_was_asked_for_takes_its_place() -> None:
    table = in_conversation(ABLE)
    table.say()
    (call_id,) = ask_for(table, "find_slots")
    table.tell(ModelLost(table.now, "closed_1006"))  # so that a filler can't be asked for yet
    table.hear(LINE_RMS, FILLER_AFTER_S + 0.1)
    finish(table, call_id)
    table.tell(ModelReady(table.now))
    assert kinds(table) == [ResponseKind.ANSWER] * 2


def test_what_takes_too_long_is_said_honestly_and_its_result_is_told_later() -> None:
    table = in_conversation(ABLE)
    table.say()
    (call_id,) = ask_for(table, "take_message")
    table.hear(LINE_RMS, FILLER_AFTER_S + 0.1)
    table.respond(seconds=0.5)
    table.play_out()
    table.hear(LINE_RMS, LONGEST_RUN_S)
    assert table.of(AnswerTool) == [AnswerTool(call_id, TAKES_TOO_LONG)]
    table.respond(seconds=0.5)
    table.play_out()
    finish(table, call_id)
    assert table.of(AnswerTool) == [AnswerTool(call_id, TAKES_TOO_LONG)], "OpenAI takes one answer"
    assert table.of(TellResult) == [TellResult(f"take_message: {DONE}")]
    assert kinds(table)[-1] is ResponseKind.ANSWER


def test_a_look_up_of_an_older_turn_is_not_spoken_about() -> None:
    table = in_conversation(ABLE)
    table.say("are you open on Friday")
    (call_id,) = ask_for(table, "find_slots")
    table.say("no, on Sunday")
    table.respond(seconds=0.5)
    table.play_out()
    finish(table, call_id, told=False)
    assert table.of(AnswerTool) == [AnswerTool(call_id, DONE)]
    assert kinds(table) == [ResponseKind.ANSWER] * 2


def test_what_was_done_is_told_though_the_caller_has_gone_on() -> None:
    table = in_conversation(ABLE)
    table.say("take a message")
    (call_id,) = ask_for(table, "take_message")
    table.say("are you there")
    table.respond(seconds=0.5)
    table.play_out()
    finish(table, call_id)
    assert kinds(table) == [ResponseKind.ANSWER] * 3


def test_a_barge_in_into_the_words_before_a_function_loses_nothing() -> None:
    table = in_conversation(ABLE)
    table.say("take a message")
    (call_id,) = ask_for(table, "take_message", seconds=3.0)
    table.say("and tell them it is urgent")
    finish(table, call_id)
    assert table.of(AnswerTool) == [AnswerTool(call_id, DONE)]


def test_nobody_is_hung_up_on_before_it_is_known_what_became_of_a_request() -> None:
    table = in_conversation(ABLE)
    table.say("write it down, bye")
    call_id, _leave = ask_for(table, "take_message", "end_call", seconds=1.0)
    table.play_out()
    table.hear(LINE_RMS, 1.0)
    assert table.of(EndCall) == []
    finish(table, call_id)
    table.hear(LINE_RMS, 1.0)
    assert table.last(EndCall).next_step is NextStep.HANG_UP
    assert kinds(table) == [ResponseKind.ANSWER], "all was said before"


def test_who_says_goodbye_before_a_request_failed_stays_and_says_so() -> None:
    table = in_conversation(ABLE)
    table.say("write it down, bye")
    call_id, leave_id = ask_for(table, "take_message", "end_call", seconds=1.0)
    table.play_out()
    finish(table, call_id, '{"outcome": "failed"}', failed=True)
    table.hear(LINE_RMS, 1.0)
    assert table.of(EndCall) == []
    assert {answer.tool_call_id for answer in table.of(AnswerTool)} == {call_id, leave_id}
    assert kinds(table) == [ResponseKind.ANSWER] * 2


def test_a_session_that_was_lost_meanwhile_is_replaced_by_one_that_knows_the_result() -> None:
    table = in_conversation(ABLE)
    table.say("take a message")
    (call_id,) = ask_for(table, "take_message")
    table.tell(ModelLost(table.now, "closed_1006"))
    finish(table, call_id)
    table.tell(ModelReady(table.now))
    assert table.of(RunTool) == [RunTool(call_id, "take_message", "{}")], "once"
    assert table.of(TellResult)[-1] == TellResult(f"take_message: {DONE}")
    assert kinds(table)[-1] is ResponseKind.ANSWER


def test_each_new_session_is_told_what_was_done_in_the_call() -> None:
    table = in_conversation(ABLE)
    table.say("take a message")
    (call_id,) = ask_for(table, "take_message")
    finish(table, call_id)
    table.tell(ModelLost(table.now, "closed_1006"))
    table.tell(ModelReady(table.now))
    assert table.of(TellResult) == [TellResult(f"take_message: {DONE}")]


def test_a_call_that_goes_on_elsewhere_knows_what_was_done_before() -> None:
    begins = StreamResumed(0.0, speakers=(), words=(), first_was_heard=True, results=("take_message: done",))
    table = Table(ABLE, begins=begins)
    assert table.of(TellResult) == [TellResult("take_message: done")]


def test_a_result_without_a_request_means_nothing() -> None:
    table = in_conversation(ABLE)
    finish(table, "unknown")
    assert (table.of(AnswerTool), table.of(TellResult)) == ([], [])


def test_the_silence_of_a_caller_who_waits_for_a_function_does_not_end_the_call() -> None:
    table = in_conversation(replace(ABLE, silence_limit_s=4.0))
    table.say()
    ask_for(table, "find_slots")
    table.hear(LINE_RMS, LONGEST_RUN_S - 0.5)
    assert table.of(EndCall) == []
