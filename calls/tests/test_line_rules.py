"""The line to the model within a call: renewed in a quiet moment only, and what counts as the end of patience."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calls.conversation import Conversation
from calls.conversation.commands import AnswerTool, ConnectModel, CreateResponse, EndCall, NextStep, ResponseKind
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import (
    CallerFrame,
    CallerLeft,
    ModelLost,
    ModelReady,
    OperatorAsked,
    RequestRefused,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    StreamOpened,
    TurnCommitted,
)
from calls.conversation.leaving import FAREWELL_S
from calls.conversation.link import GIVE_UP_S
from calls.conversation.responses import CANCEL_TIMEOUT_S, FIRST_AUDIO_TIMEOUT_S
from calls.conversation.tool_events import ToolRequested
from calls.conversation.unheard import COMMIT_AFTER_S
from calls.tests.table import GREETED, LINE_RMS, SILENT, VOICE_RMS, Table, in_conversation

pytestmark = pytest.mark.pure


def connects_of(table: Table) -> list[tuple[int, float]]:
    """Return the attempts to connect: which since the last success, and how long each may take."""
    return [(command.attempt, command.timeout_s) for command in table.of(ConnectModel)]


# Renewal ------------------------------------------------------------------------------------------------------
def idle(lifetime_s: float = 10.0) -> Table:
    """Nobody speaks, and the session has so long to live."""
    table = in_conversation(replace(GREETED, greeting_bytes=800))
    table.tell(ModelReady(0.0, lifetime_s=lifetime_s))
    return table


def test_a_session_is_renewed_at_nine_tenths_of_its_life() -> None:
    table = idle()
    assert table.conversation.next_deadline() == 9.0
    table.tell(CallerFrame(8.99, LINE_RMS))
    assert connects_of(table) == [(1, 4.0)]
    table.tell(CallerFrame(9.0, LINE_RMS))
    assert connects_of(table) == [(1, 4.0), (1, 4.0)]


@pytest.mark.parametrize("busy", ["a request", "an utterance", "the caller"])
def test_a_session_is_not_renewed_while_somebody_speaks(busy: str) -> None:
    table = idle()
    table.now = 8.5
    match busy:
        case "a request":
            table.speak(seconds=0.4)
        case "an utterance":
            table.say()
            table.respond(seconds=5.0)
        case _:
            table.tell(SpeechStarted(table.now))
            table.hear(VOICE_RMS, 0.4)
    table.tell(CallerFrame(9.5, VOICE_RMS))
    assert connects_of(table) == [(1, 4.0)]


@pytest.mark.parametrize("kind", [ResponseKind.OPENING, ResponseKind.ANSWER])
def test_a_session_is_not_renewed_while_a_failed_response_is_to_be_asked_for_again(kind: ResponseKind) -> None:
    table = Table(replace(SILENT, assistant_speaks_first=kind is ResponseKind.OPENING))
    if kind is ResponseKind.ANSWER:
        table.speak()
    table.tell(ModelReady(table.now, lifetime_s=1.0))
    for _ in range(2):
        table.tell(ResponseEnded(table.now + 0.7, "", ResponseStatus.FAILED))
    table.tell(CallerFrame(table.now + 0.95, LINE_RMS))
    assert len(connects_of(table)) == 1
    assert [command.kind for command in table.of(CreateResponse)] == [kind, kind]


# Patience ---------------------------------------------------------------------------------------------------------
def test_a_model_is_replaced_at_the_exact_end_of_patience() -> None:
    table = in_conversation()
    table.say()
    table.tell(ResponseCreated(table.now, "resp1", table.last(CreateResponse).request))
    stuck_at = table.now + FIRST_AUDIO_TIMEOUT_S
    assert table.conversation.assistant.stalls_at() == pytest.approx(stuck_at)
    table.tell(CallerFrame(stuck_at - 0.01, LINE_RMS))
    assert len(connects_of(table)) == 1
    table.tell(CallerFrame(stuck_at + 1e-6, LINE_RMS))
    ((attempt, timeout_s),) = connects_of(table)[1:]
    assert attempt == 1
    assert timeout_s == pytest.approx(GIVE_UP_S)


def test_a_cancelled_response_that_never_ends_is_forgotten_without_a_new_session() -> None:
    table = in_conversation()
    table.say()
    table.respond(seconds=5.0, end=False)
    table.hear(LINE_RMS, 0.5)
    table.hear(VOICE_RMS, 0.38)
    cut_at = table.now
    table.wait(COMMIT_AFTER_S)
    table.tell(TurnCommitted(table.now, "interrupted"))
    assert len(table.of(CreateResponse)) == 1, "the cancelled response is still in the way"
    table.wait(cut_at + CANCEL_TIMEOUT_S + 0.1 - table.now)
    assert len(table.of(CreateResponse)) == 2
    assert len(connects_of(table)) == 1


def test_the_caller_is_given_up_on_with_the_reason_of_the_last_loss() -> None:
    table = in_conversation()
    table.tell(ModelLost(10.0, "closed_1006"))
    assert table.of(EndCall) == []
    table.tell(ModelLost(10.0 + GIVE_UP_S + 0.1, "http_500"))
    assert table.of(EndCall) == [
        EndCall(EndReason.MODEL_UNAVAILABLE, NextStep.APOLOGIZE, failed=True, cause="http_500")
    ]
    assert table.conversation.is_over
    assert table.tell(CallerFrame(20.0, LINE_RMS)) == []
    assert table.conversation.next_deadline() is None


def test_attempts_while_the_caller_hears_something_may_take_longer() -> None:
    table = Table(replace(GREETED, greeting_bytes=80_000), ready=False)
    table.tell(ModelLost(1.0, "http_500"))
    assert connects_of(table) == [(1, 4.0), (2, 2.0)]


# What the model asks for ----------------------------------------------------------------------------------------------
def test_a_model_that_asks_for_a_tool_is_not_stuck() -> None:
    table = in_conversation()
    table.say()
    asked_at = table.now
    table.tell(ToolRequested(asked_at + 5.0, "", "tool1", "no_such_tool"))
    assert table.conversation.assistant.stalls_at() == pytest.approx(asked_at + 5.0 + FIRST_AUDIO_TIMEOUT_S)


def test_a_tool_of_a_response_that_is_not_ours_or_not_wanted_is_not_called() -> None:
    table = in_conversation()
    table.tell(ToolRequested(table.now, "nobodys", "tool0", "end_call"))
    table.say()
    response_id = table.respond(seconds=5.0, end=False)
    table.tell(ToolRequested(table.now, "foreign", "tool1", "end_call"))
    table.hear(LINE_RMS, 0.5)
    table.hear(VOICE_RMS, 0.6)
    table.tell(ToolRequested(table.now, response_id, "tool2", "end_call"))
    assert [answer.tool_call_id for answer in table.of(AnswerTool)] == ["tool2"], "the model is told that it was not"
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.CANCELLED))
    table.hear(LINE_RMS, 1.0)
    assert table.of(EndCall) == []


def test_a_tool_s_answer_does_not_replace_the_answer_that_the_caller_waits_for() -> None:
    table = in_conversation()
    table.say()
    response_id = table.respond(seconds=1.0, end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "order_pizza"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    table.play_out()
    assert [command.kind for command in table.of(CreateResponse)] == [ResponseKind.ANSWER] * 2


def test_an_answer_that_is_refused_in_its_middle_is_not_gone_on_with() -> None:
    table = in_conversation()
    table.say()
    table.respond(end=False)
    table.tell(RequestRefused(table.now, "server_error", table.last(CreateResponse).request))
    table.play_out()
    assert len(table.of(CreateResponse)) == 1, "the line is still there, and the model doesn't say that it broke off"
    assert not table.conversation.assistant.is_audible


# What is asked from outside -------------------------------------------------------------------------------------------
def flags(table: Table) -> dict[str, object]:
    names = ["is_playing_greeting", "greeting_lock_active", "barge_in_enabled", "barge_in_allowed"]
    names += ["user_has_spoken", "first_response_id", "is_over"]
    return {name: getattr(table.conversation, name) for name in names}


def test_the_flags_of_a_call() -> None:
    table = Table(replace(GREETED, barge_in_enabled=False))
    greeted = {
        "is_playing_greeting": True,
        "greeting_lock_active": True,
        "barge_in_enabled": False,
        "barge_in_allowed": False,
        "user_has_spoken": False,
        "first_response_id": None,
        "is_over": False,
    }
    assert flags(table) == greeted
    table.play_out()
    assert flags(table) == greeted | {"is_playing_greeting": False, "greeting_lock_active": False}
    table.say()
    table.respond(response_id="resp1", seconds=5.0)
    spoken = {"user_has_spoken": True, "first_response_id": "resp1", "is_playing_greeting": False}
    assert flags(table) == greeted | spoken | {"greeting_lock_active": False}, "it hears an answer"
    open_to_all = flags(in_conversation())
    assert (open_to_all["barge_in_enabled"], open_to_all["barge_in_allowed"]) == (True, True)


def test_a_greeting_that_is_held_back_is_not_being_played() -> None:
    table = Table(replace(GREETED, greeting_bytes=0))
    table.tell(ResponseAudio(0.1, "", "item", 8000))
    assert table.conversation.is_playing_greeting is False


def test_a_detector_is_asked_about_soft_frames_only_while_they_may_interrupt() -> None:
    table = in_conversation()
    assert table.conversation.needs_ears(0) is False
    assert table.conversation.needs_ears(VOICE_RMS) is True
    table.say()
    table.respond(seconds=5.0)
    assert table.conversation.needs_ears(0) is True
    protected = Table(GREETED)
    assert protected.conversation.needs_ears(0) is False


def test_the_call_ends_at_its_longest_time_to_the_second() -> None:
    table = in_conversation(replace(GREETED, max_call_s=60.0, silence_limit_s=100.0))
    assert table.conversation.next_deadline() == 60.0 - FAREWELL_S
    table.tell(CallerFrame(59.99, LINE_RMS))
    assert table.of(EndCall) == []
    table.tell(CallerFrame(60.0, LINE_RMS))
    assert table.of(EndCall) == [EndCall(EndReason.TIME_LIMIT, NextStep.HANG_UP)]


def test_a_person_who_apologizes_for_the_assistant_hangs_up_for_the_records() -> None:
    table = in_conversation()
    table.tell(OperatorAsked(5.0, NextStep.APOLOGIZE))
    assert table.of(EndCall) == [EndCall(EndReason.OPERATOR_HUNG_UP, NextStep.APOLOGIZE)]


def test_times_are_counted_from_when_the_stream_opened() -> None:
    conversation = Conversation(replace(SILENT, max_call_s=60.0, silence_limit_s=100.0))
    conversation.handle(StreamOpened(5.0))
    assert conversation.next_deadline() == 65.0 - FAREWELL_S
    assert not any(isinstance(command, EndCall) for command in conversation.handle(CallerFrame(64.9, LINE_RMS)))
    assert any(isinstance(command, EndCall) for command in conversation.handle(CallerFrame(65.0, LINE_RMS)))


def test_nothing_follows_the_end_of_a_call() -> None:
    table = in_conversation()
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 0.3)
    table.tell(SpeechStopped(table.now, "turn1"))
    assert isinstance(table.tell(CallerLeft(table.now + 1.0))[-1], EndCall)
    assert isinstance(table.wanted[-1], EndCall)


def test_speech_that_only_a_lost_session_heard_no_longer_keeps_the_assistant_waiting() -> None:
    table = Table(replace(GREETED, greeting_bytes=16000))
    table.say("hello")
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 0.1)
    table.tell(ModelLost(table.now, "closed_1006"))
    table.tell(ModelReady(table.now))
    table.play_out()
    assert len(table.of(CreateResponse)) == 1
