"""What we send to OpenAI is valid by its own types; what it sends is understood, and nothing else is."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from openai.types.realtime import RealtimeClientEvent
from pydantic import TypeAdapter

from businesses.models import Business
from calls.conversation import ConversationSettings
from calls.conversation.commands import (
    AnswerTool,
    CancelResponse,
    CreateResponse,
    ResponseKind,
    Speaker,
    TellKeys,
    TellResult,
    TruncateItem,
)
from calls.conversation.dialogue import SpokenTurn
from calls.conversation.events import (
    CallerWords,
    ModelLost,
    RequestRefused,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    ResponseWords,
    SpeechStarted,
    SpeechStopped,
    TurnCommitted,
)
from calls.conversation.tool_events import ToolRequested
from calls.line.realtime_events import (
    AudioDelta,
    client_event,
    item_truncate,
    past_items,
    response_cancel,
    response_create,
    session_lifetime_s,
    tool_answer,
    understand,
)
from calls.line.session_config import session_update
from calls.line.usage import Usage
from calls.plan import CallPlan
from calls.tools.registry import TOOLS, Offered

if TYPE_CHECKING:
    from calls.line.realtime_events import ClientEvent

pytestmark = pytest.mark.once

PLAN = CallPlan(
    call_id=uuid4(),
    business=Business(name="Bakery"),
    settings=ConversationSettings(language="he"),
    instructions="You answer the telephone of Bakery.",
    voice="marin",
    language="he",
    server_vad_threshold=0.8,
    greeting_audio=b"",
    transfer_possible=True,
    names=("Bakery", "Dana Levi"),
)
ALL_WE_SEND: list[ClientEvent] = [
    session_update(PLAN, transcription_model="gpt-4o-mini-transcribe"),
    {
        **session_update(PLAN, transcription_model="gpt-transcribe", noise_reduction="far_field:0.5"),
        "event_id": "session-with-all",
    },
    *past_items([SpokenTurn(Speaker.ASSISTANT, "שלום"), SpokenTurn(Speaker.CALLER, "כן")]),
    *(response_create(CreateResponse(f"{kind}-1", kind, "שלום", 2), PLAN) for kind in ResponseKind),
    response_cancel(CancelResponse("resp_1")),
    item_truncate(TruncateItem("item_1", 1234)),
    tool_answer(AnswerTool("call_1", "done")),
    client_event(TellResult("take_message: done")),
    client_event(TellKeys("12")),
    session_update(replace(PLAN, tools=tuple(Offered(tool, "Ask first.") for tool in TOOLS)), transcription_model=""),
]


@pytest.mark.parametrize("event", ALL_WE_SEND, ids=lambda event: f"{event['type']}/{event.get('event_id')}")
def test_every_event_that_we_send_is_valid_by_the_package_and_says_nothing_else(event: ClientEvent) -> None:
    parsed = TypeAdapter(RealtimeClientEvent).validate_python(event)
    unknown = set(_leaves(event)) - set(_leaves(parsed.model_dump(exclude_unset=True)))
    assert parsed.type == event["type"]
    assert not unknown


def _leaves(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, f"{path}.{key}")]
    if isinstance(value, list):
        return [leaf for number, inner in enumerate(value) for leaf in _leaves(inner, f"{path}[{number}]")]
    return [path]


def test_the_session_is_ours_to_steer() -> None:
    session: Any = session_update(PLAN, transcription_model="whisper-1")["session"]
    detection = session["audio"]["input"]["turn_detection"]
    assert detection["create_response"] is False
    assert detection["interrupt_response"] is False
    assert "idle_timeout_ms" not in detection, "it makes the model speak into silence"
    assert detection["threshold"] == 0.8
    assert detection["silence_duration_ms"] == 500
    assert session["audio"]["input"]["format"] == session["audio"]["output"]["format"] == {"type": "audio/pcmu"}
    assert session["audio"]["output"]["voice"] == "marin"
    assert session["audio"]["input"]["transcription"] == {"model": "whisper-1", "language": "he"}
    assert [tool["name"] for tool in session["tools"]] == ["end_call", "transfer_call"]


def test_a_greeting_is_asked_for_in_its_exact_words_without_tools() -> None:
    event: Any = response_create(CreateResponse("greeting-1", ResponseKind.GREETING, "שלום, מאפיית הכפר", 2), PLAN)
    assert event["response"]["instructions"].endswith("\nשלום, מאפיית הכפר")
    assert event["response"]["tool_choice"] == "none"
    assert event["response"]["metadata"] == {"kind": "greeting", "attempt": "2", "request": "greeting-1"}
    assert event["event_id"] == "greeting-1"


def test_an_answer_leaves_the_sessions_instructions_alone() -> None:
    event: Any = response_create(CreateResponse("answer-1", ResponseKind.ANSWER), PLAN)
    assert "instructions" not in event["response"], "a response's instructions replace the session's"


def test_instructions_that_add_to_the_sessions_repeat_them() -> None:
    for kind in (ResponseKind.OPENING, ResponseKind.CONTINUATION):
        event: Any = response_create(CreateResponse("x-1", kind), PLAN)
        assert event["response"]["instructions"].startswith(PLAN.instructions)


@pytest.mark.parametrize("prefix", ["response.output_audio", "response.audio"])
def test_audio_and_its_words_are_understood_under_both_names(prefix: str) -> None:
    payload = base64.b64encode(b"\xff" * 400).decode()
    ids = {"response_id": "r", "item_id": "i"}
    assert understand({"type": f"{prefix}.delta", "delta": payload, **ids}, 1.0) == [
        AudioDelta(ResponseAudio(1.0, "r", "i", 400), payload)
    ]
    assert understand({"type": f"{prefix}_transcript.delta", "delta": "Hi", **ids}, 1.0) == [
        ResponseWords(1.0, "r", "i", "Hi")
    ]


@pytest.mark.parametrize("size", range(1, 12))
def test_the_size_of_audio_is_told_without_decoding_it(size: int) -> None:
    payload = base64.b64encode(b"x" * size).decode()
    message = {"type": "response.output_audio.delta", "delta": payload, "response_id": "r", "item_id": "i"}
    assert understand(message, 0.0) == [AudioDelta(ResponseAudio(0.0, "r", "i", size), payload)]


def test_the_life_of_a_response_is_understood() -> None:
    created = {"type": "response.created", "response": {"id": "r", "metadata": {"request": "answer-1"}}}
    assert understand(created, 1.0) == [ResponseCreated(1.0, "r", "answer-1")]
    assert understand({"type": "response.created", "response": {"id": "r", "metadata": None}}, 1.0) == [
        ResponseCreated(1.0, "r", None)
    ]
    done = {
        "type": "response.done",
        "response": {
            "id": "r",
            "status": "failed",
            "status_details": {"type": "failed", "error": {"type": "server_error", "code": "server_error"}},
            "usage": {"total_tokens": 7, "input_token_details": {"audio_tokens": 5}},
        },
    }
    assert understand(done, 2.0) == [
        Usage({"total_tokens": 7, "input_audio_tokens": 5}),
        ResponseEnded(2.0, "r", ResponseStatus.FAILED, "server_error"),
    ]


def test_a_tool_call_is_understood() -> None:
    item = {"type": "function_call", "call_id": "c", "name": "end_call", "arguments": "{}"}
    message = {"type": "response.output_item.done", "response_id": "r", "item": item}
    assert understand(message, 1.0) == [ToolRequested(1.0, "r", "c", "end_call", "{}")]
    half = {**message, "item": {**item, "status": "incomplete", "arguments": '{"a'}}
    assert understand(half, 1.0) == [ToolRequested(1.0, "r", "c", "end_call", '{"a', is_complete=False)]
    assert understand({**message, "item": {"type": "message"}}, 1.0) == []


def test_the_callers_turn_is_understood() -> None:
    assert understand({"type": "input_audio_buffer.speech_started"}, 1.0) == [SpeechStarted(1.0)]
    stopped = {"type": "input_audio_buffer.speech_stopped"}
    assert understand(stopped, 1.0) == [SpeechStopped(1.0)]
    assert understand({**stopped, "item_id": "i"}, 1.0) == [SpeechStopped(1.0, "i")]
    assert understand({"type": "input_audio_buffer.committed", "item_id": "i"}, 1.0) == [TurnCommitted(1.0, "i")]
    transcribed = {"type": "conversation.item.input_audio_transcription.completed", "item_id": "i", "transcript": "כן"}
    assert understand(transcribed, 1.0) == [Usage({}), CallerWords(1.0, "i", "כן")]


def test_errors_are_told_apart() -> None:
    def error(code: str) -> list[object]:
        return list(understand({"type": "error", "error": {"code": code, "event_id": "cancel-r"}}, 1.0))

    assert error("response_cancel_not_active") == [RequestRefused(1.0, "response_cancel_not_active", "cancel-r")]
    assert error("insufficient_quota") == [ModelLost(1.0, "insufficient_quota", permanent=True)]
    assert error("session_expired") == [ModelLost(1.0, "session_expired", permanent=False)]
    assert understand({"type": "error", "error": {"type": "server_error"}}, 1.0) == [
        RequestRefused(1.0, "server_error")
    ]


def test_a_response_that_fails_for_want_of_money_is_hopeless() -> None:
    details = {"error": {"code": "insufficient_quota"}}
    done = {"type": "response.done", "response": {"id": "r", "status": "failed", "status_details": details}}
    assert understand(done, 1.0)[-1] == ModelLost(1.0, "insufficient_quota", permanent=True)


def test_unknown_events_mean_nothing() -> None:
    assert understand({"type": "rate_limits.updated", "rate_limits": []}, 1.0) == []
    assert understand({"type": "something.new"}, 1.0) == []


@pytest.mark.parametrize(
    "message",
    [
        {"type": "response.output_audio.delta", "response_id": "r", "item_id": "i"},
        {"type": "response.output_audio.delta", "delta": None},
        {"type": "response.created", "response": None},
        {"type": "conversation.item.input_audio_transcription.completed", "item_id": "i"},
    ],
)
def test_known_events_without_their_fields_are_malformed(message: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        understand(message, 1.0)


def test_what_names_no_response_means_the_one_under_way() -> None:
    delta = {"type": "response.output_audio.delta", "delta": "AAAA"}
    assert understand(delta, 1.0) == [AudioDelta(ResponseAudio(1.0, "", "item-of-", 3), "AAAA")]
    assert understand({**delta, "response_id": "r"}, 1.0) == [
        AudioDelta(ResponseAudio(1.0, "r", "item-of-r", 3), "AAAA")
    ]


@pytest.mark.parametrize(
    ("response", "response_id", "status"),
    [
        ({"id": "r", "status": "completed", "status_details": "odd", "usage": "odd"}, "r", ResponseStatus.COMPLETED),
        ({"id": "r", "status": "exploded"}, "r", ResponseStatus.INCOMPLETE),
        ({"id": "r"}, "r", ResponseStatus.INCOMPLETE),
        ({}, "", ResponseStatus.INCOMPLETE),
        (None, "", ResponseStatus.INCOMPLETE),
    ],
)
def test_a_response_is_over_however_little_its_end_says(
    response: object, response_id: str, status: ResponseStatus
) -> None:
    told = understand({"type": "response.done", "response": response}, 1.0)
    assert told == [Usage({}), ResponseEnded(1.0, response_id, status)]


def test_an_error_that_says_nothing_is_understood_as_one() -> None:
    assert understand({"type": "error"}, 1.0) == [RequestRefused(1.0, "unknown_error")]
    assert understand({"type": "error", "error": "odd"}, 1.0) == [RequestRefused(1.0, "unknown_error")]


def test_a_sessions_lifetime_is_counted_from_now() -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert session_lifetime_s({"session": {"expires_at": now.timestamp() + 3600}}, now) == 3600
    assert session_lifetime_s({"session": {}}, now) is None
    assert session_lifetime_s({"session": None}, now) is None
    assert session_lifetime_s({"session": {"expires_at": 1}}, now) is None, "over as it begins: a wrong clock"
