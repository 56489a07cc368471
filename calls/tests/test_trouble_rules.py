"""Failing responses, a failing line and the end of a call, each rule by the shortest story that shows it."""

from dataclasses import replace

import pytest

from calls.conversation.commands import (
    AnswerTool,
    CancelResponse,
    ConnectModel,
    CreateResponse,
    EndCall,
    KeepTurn,
    NextStep,
    Play,
    ResponseKind,
    Speaker,
)
from calls.conversation.dialogue import SpokenTurn
from calls.conversation.end_reasons import EndReason, StreamFault
from calls.conversation.events import (
    CallerLeft,
    CallerWords,
    ModelLost,
    ModelReady,
    RequestRefused,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    ResponseWords,
    StreamBroke,
    TurnCommitted,
)
from calls.conversation.tool_events import ToolRequested
from calls.tests.table import GREETED, GREETING, LINE_RMS, SILENT, VOICE_RMS, Table, in_conversation

pytestmark = pytest.mark.pure


# Responses that nobody wants, or that fail -------------------------------------------------------------
def test_a_response_that_nobody_asked_for_is_cancelled_and_not_heard() -> None:
    table = Table(SILENT)
    table.tell(ResponseCreated(0.1, "foreign"))
    table.tell(ResponseAudio(0.2, "foreign", "item", 8000))
    assert table.of(CancelResponse) == [CancelResponse("foreign")]
    assert table.of(Play) == []


def test_a_model_that_echoes_no_metadata_is_understood() -> None:
    table = in_conversation()
    table.say()
    table.tell(ResponseCreated(table.now, "resp1"))
    table.tell(ResponseAudio(table.now, "resp1", "item", 8000))
    assert table.sent("item")
    assert table.of(CancelResponse) == []


def test_a_model_that_names_neither_response_nor_status_is_understood() -> None:
    table = in_conversation()
    table.say()
    table.tell(ResponseAudio(table.now, "", "item", 8000))
    table.tell(ResponseEnded(table.now, "", ResponseStatus.INCOMPLETE))
    table.play_out()
    assert table.sent("item")
    table.say("and on sundays")
    assert [command.attempt for command in table.of(CreateResponse)] == [1, 1], "it was over, and was no failure"


@pytest.mark.parametrize(
    ("code", "attempts"),
    [
        ("conversation_already_has_active_response", [1, 2]),
        ("server_error", [1, 2]),
        ("response_cancel_not_active", [1]),
    ],
)
def test_an_error_that_does_not_say_what_it_answers_is_told_by_its_code(code: str, attempts: list[int]) -> None:
    table = in_conversation()
    table.say()
    table.tell(RequestRefused(table.now, code))
    assert [command.attempt for command in table.of(CreateResponse)] == attempts


@pytest.mark.parametrize("created_first", [True, False])
def test_a_model_that_answers_by_itself_and_refuses_our_request_is_heard(created_first: bool) -> None:
    """As a server does that creates responses of its own, told not to."""
    table = in_conversation()
    table.say()
    if created_first:
        table.tell(ResponseCreated(table.now, "its-own"))
    table.tell(RequestRefused(table.now, "conversation_already_has_active_response", "answer-1"))
    if not created_first:
        table.tell(ResponseCreated(table.now, "its-own"))
        table.tell(RequestRefused(table.now, "conversation_already_has_active_response", "answer-2"))
    table.tell(ResponseAudio(table.now, "its-own", "item", 8000))
    table.tell(ResponseEnded(table.now, "its-own", ResponseStatus.COMPLETED))
    table.play_out()
    assert table.sent("item")
    assert table.of(CancelResponse) == []
    assert len(table.of(CreateResponse)) == (1 if created_first else 2)


def test_an_error_about_something_else_does_not_end_a_response_that_has_begun() -> None:
    table = in_conversation()
    table.say()
    table.respond(response_id="resp1", end=False)
    table.tell(RequestRefused(table.now, "server_error"))
    assert len(table.of(CreateResponse)) == 1


def test_late_audio_of_a_cancelled_response_is_not_taken_for_the_next() -> None:
    table = in_conversation()
    table.say()
    table.respond(response_id="resp1", seconds=5.0, end=False)
    table.hear(LINE_RMS, 0.5)
    table.hear(VOICE_RMS, 0.6)
    table.tell(ResponseEnded(table.now, "resp1", ResponseStatus.CANCELLED))
    table.speak()
    table.tell(ResponseAudio(table.now, "resp1", "late", 8000))
    assert table.sent("late") == []


def test_a_model_that_stops_answering_is_replaced_and_the_answer_asked_for_again() -> None:
    table = in_conversation()
    table.say()
    connects = len(table.of(ConnectModel))
    table.wait(6.5)
    assert len(table.of(ConnectModel)) == connects + 1
    table.tell(ModelReady(table.now))
    assert [command.attempt for command in table.of(CreateResponse)] == [1, 2]


def test_a_lost_line_in_mid_sentence_goes_on_with_the_context() -> None:
    table = in_conversation()
    table.say()
    table.tell(ResponseCreated(table.now, "resp1", table.last(CreateResponse).request))
    table.tell(ResponseAudio(table.now, "resp1", "item", 8000))
    table.tell(ResponseWords(table.now, "resp1", "item", "We are open from"))
    table.tell(ModelLost(table.now, "closed_1006"))
    assert table.conversation.history()[-1] == SpokenTurn(Speaker.ASSISTANT, "We are open from")
    table.tell(ModelReady(table.now))
    table.play_out()
    assert table.last(CreateResponse).kind is ResponseKind.CONTINUATION


def test_a_response_that_fails_in_mid_sentence_goes_on_from_there_a_few_times() -> None:
    table = in_conversation()
    table.say()
    for attempt in (1, 2, 3):
        request = table.last(CreateResponse)
        assert request.attempt == attempt
        table.tell(ResponseCreated(table.now, f"resp{attempt}", request.request))
        table.tell(ResponseAudio(table.now, f"resp{attempt}", f"item{attempt}", 8000))
        table.tell(ResponseEnded(table.now, f"resp{attempt}", ResponseStatus.FAILED))
        table.play_out()
    answer, continuation = ResponseKind.ANSWER, ResponseKind.CONTINUATION
    assert [command.kind for command in table.of(CreateResponse)][-3:] == [answer, continuation, continuation]
    assert table.sent("item1")
    assert table.sent("item3")


def test_words_that_only_the_lost_session_heard_are_answered_when_the_new_one_has_them() -> None:
    table = in_conversation()
    table.speak()  # its transcript never came
    table.tell(ModelLost(table.now, "closed_1006"))
    asked = len(table.of(CreateResponse))
    table.tell(ModelReady(table.now))
    assert len(table.of(CreateResponse)) == asked
    table.tell(TurnCommitted(table.now + 0.1, "again"))
    assert len(table.of(CreateResponse)) == asked + 1
    table.tell(CallerWords(table.now + 0.5, "again", "what are your hours"))
    assert [said.words for said in table.conversation.history()] == [GREETING, "what are your hours"]


def test_if_they_never_become_a_turn_the_caller_is_answered_all_the_same() -> None:
    table = in_conversation()
    table.speak()
    table.tell(ModelLost(table.now, "closed_1006"))
    table.tell(ModelReady(table.now))
    assert any(isinstance(command, CreateResponse) for command in table.wait(2.0))


def test_a_hopeless_line_hands_the_caller_over_after_the_greeting() -> None:
    table = Table(GREETED, ready=False)
    table.tell(ModelLost(0.2, "insufficient_quota", permanent=True))
    assert table.of(EndCall) == []
    table.play_out()
    assert table.of(EndCall) == [
        EndCall(EndReason.MODEL_UNAVAILABLE, NextStep.APOLOGIZE, failed=True, cause="insufficient_quota")
    ]


def test_sessions_are_renewed_between_turns() -> None:
    table = Table(replace(GREETED, silence_limit_s=3600.0), ready=False)
    table.tell(ModelReady(0.1, lifetime_s=600))
    table.play_out()
    assert len(table.of(ConnectModel)) == 1
    table.wait(600)
    assert len(table.of(ConnectModel)) == 2


# The end ---------------------------------------------------------------------------------------------
def test_goodbye_is_heard_before_the_call_ends() -> None:
    table = in_conversation()
    table.say("bye bye")
    response_id = table.respond(seconds=2.0, end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "end_call"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    assert table.of(EndCall) == []
    table.play_out()
    assert table.of(EndCall) == [EndCall(EndReason.ASSISTANT_HUNG_UP, NextStep.HANG_UP)]


def test_a_caller_who_goes_on_talking_is_not_hung_up_on() -> None:
    table = in_conversation()
    table.say("bye bye")
    response_id = table.respond(seconds=3.0, end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "end_call"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    table.hear(LINE_RMS, 0.5)
    table.speak()
    assert table.of(EndCall) == []
    assert len(table.of(CreateResponse)) == 2


def test_a_transfer_leaves_to_the_fallback_number() -> None:
    table = in_conversation()
    table.say("a person please")
    response_id = table.respond(end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "transfer_call"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    table.play_out()
    assert table.last(EndCall).next_step is NextStep.TRANSFER


def test_an_unknown_tool_is_answered_and_the_model_goes_on() -> None:
    table = in_conversation()
    table.say()
    response_id = table.respond(end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "order_pizza"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    assert [answer.tool_call_id for answer in table.of(AnswerTool)] == ["tool1"]
    table.play_out()
    assert len(table.of(CreateResponse)) == 2


def test_a_forgotten_line_ends_at_the_longest_call_time() -> None:
    table = in_conversation(replace(GREETED, max_call_s=120.0, silence_limit_s=3600.0))
    table.wait(121)
    assert table.of(EndCall) == [EndCall(EndReason.TIME_LIMIT, NextStep.HANG_UP)]


def test_a_stream_that_breaks_leaves_the_caller_to_the_fallback() -> None:
    table = in_conversation()
    table.tell(StreamBroke(table.now, "its socket closed (1006)", StreamFault.CLOSED))
    assert table.of(EndCall) == [EndCall(EndReason.STREAM_BROKE, NextStep.APOLOGIZE, failed=True, cause="closed")]


def test_a_caller_who_hangs_up_in_mid_sentence_has_heard_half_of_it() -> None:
    table = in_conversation()
    table.say()
    table.tell(ResponseCreated(table.now, "resp1", table.last(CreateResponse).request))
    table.tell(ResponseAudio(table.now, "resp1", "item", 16000))
    table.tell(ResponseWords(table.now, "resp1", "item", "We are open from nine to five"))
    table.wait(1.0)
    table.tell(CallerLeft(table.now))
    kept = table.last(KeepTurn)
    assert (kept.text, kept.heard_text) == ("We are open from nine to five", "We are open from")
    assert table.last(EndCall).next_step is NextStep.HANG_UP
    assert table.tell(CallerLeft(table.now + 1.0)) == []
