"""OpenAI Realtime's messages: what we send, typed by the `openai` package, and what we understand of theirs.

Nothing here opens a socket. The older names of server events (`response.audio.delta` …) are understood too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from openai.types.realtime import (
    ConversationItemCreateEventParam,
    ConversationItemParam,
    ConversationItemTruncateEventParam,
    RealtimeResponseCreateParamsParam,
    ResponseCancelEventParam,
    ResponseCreateEventParam,
    SessionUpdateEventParam,
)

from calls import instructions
from calls.conversation.commands import AnswerTool, CancelResponse, CreateResponse, ResponseKind, Speaker, TruncateItem
from calls.conversation.dialogue import SpokenTurn
from calls.conversation.events import (
    CallerWords,
    Event,
    ModelLost,
    RequestRefused,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    ResponseWords,
    SpeechStarted,
    SpeechStopped,
    ToolRequested,
    TurnCommitted,
)
from calls.openai_errors import Meaning, meaning_of
from calls.plan import CallPlan

PREFIX_PADDING_MS: Final = 300
SILENCE_MS: Final = 500
"""How long the caller must be silent for their turn to end. Always set: the server's default varies."""


ClientEvent = (
    SessionUpdateEventParam
    | ConversationItemCreateEventParam
    | ConversationItemTruncateEventParam
    | ResponseCreateEventParam
    | ResponseCancelEventParam
)


# What we send -------------------------------------------------------------------------------------
def session_update(plan: CallPlan, *, transcription_model: str) -> SessionUpdateEventParam:
    """Configure a session: µ-law untouched in both directions, and we alone create and cancel responses."""
    return {
        "type": "session.update",
        "event_id": "session",
        "session": {
            "type": "realtime",
            "output_modalities": ["audio"],
            "instructions": plan.instructions,
            "tools": [*instructions.tools(transfer_possible=plan.transfer_possible)],
            "tool_choice": "auto",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcmu"},
                    "transcription": {"model": transcription_model, "language": plan.language},
                    "turn_detection": {
                        "type": "server_vad",
                        "threshold": plan.server_vad_threshold,
                        "prefix_padding_ms": PREFIX_PADDING_MS,
                        "silence_duration_ms": SILENCE_MS,
                        "create_response": False,
                        "interrupt_response": False,
                    },
                },
                "output": {"format": {"type": "audio/pcmu"}, "voice": plan.voice},
            },
        },
    }


def past_items(history: Iterable[SpokenTurn]) -> list[ConversationItemCreateEventParam]:
    """Returns what was said so far as items for a new session."""
    return [
        {"type": "conversation.item.create", "event_id": f"past-{number}", "item": _past_item(said)}
        for number, said in enumerate(history, start=1)
    ]


def _past_item(said: SpokenTurn) -> ConversationItemParam:
    if said.speaker is Speaker.CALLER:
        return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": said.words}]}
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": said.words}]}


def response_create(command: CreateResponse, plan: CallPlan) -> ResponseCreateEventParam:
    """Ask for a response. Its instructions replace the session's, so those that add to them repeat them."""
    response: RealtimeResponseCreateParamsParam = {
        "metadata": {"kind": command.kind.value, "attempt": str(command.attempt), "request": command.request}
    }
    match command.kind:
        case ResponseKind.GREETING:
            response["instructions"] = (
                "Say exactly the following words, in their language, once, warmly and at a natural pace. "
                f"Nothing before them, nothing after them, no word changed:\n{command.words}"
            )
            response["tool_choice"] = "none"
        case ResponseKind.OPENING:
            response["instructions"] = f"{plan.instructions}\nThe call begins now. Open it in one short sentence."
            response["tool_choice"] = "none"
        case ResponseKind.CHECK:
            response["instructions"] = (
                f"{plan.instructions}\nThe caller has not been heard for a while. "
                "Ask in one short sentence whether they are still there and want to go on."
            )
            response["tool_choice"] = "none"
        case ResponseKind.CONTINUATION:
            response["instructions"] = (
                f"{plan.instructions}\nThe line broke off in the middle of your last sentence. "
                "Go on from there without repeating what you have said and without mentioning it."
            )
        case ResponseKind.ANSWER:
            pass
    return {"type": "response.create", "event_id": command.request, "response": response}


def response_cancel(command: CancelResponse) -> ResponseCancelEventParam:
    """Stop a response."""
    return {
        "type": "response.cancel",
        "event_id": f"cancel-{command.response_id}",
        "response_id": command.response_id,
    }


def item_truncate(command: TruncateItem) -> ConversationItemTruncateEventParam:
    """Tell how much of an item was heard, in milliseconds of its own audio."""
    return {
        "type": "conversation.item.truncate",
        "event_id": f"truncate-{command.item_id}",
        "item_id": command.item_id,
        "content_index": 0,
        "audio_end_ms": command.audio_end_ms,
    }


def tool_answer(command: AnswerTool) -> ConversationItemCreateEventParam:
    """Give a function's result."""
    return {
        "type": "conversation.item.create",
        "event_id": f"tool-{command.tool_call_id}",
        "item": {"type": "function_call_output", "call_id": command.tool_call_id, "output": command.output},
    }


# What we understand -------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a response or a transcription cost."""

    tokens: dict[str, int]


@dataclass(frozen=True, slots=True)
class AudioDelta:
    """Audio with its bytes, which the conversation only counts."""

    event: ResponseAudio
    payload: str


Understood = Event | Usage | AudioDelta


def understand(message: dict[str, Any], at: float) -> list[Understood]:
    """Returns what a server event means to us; an empty list for events that we ignore or don't know.

    Raises:
        KeyError, TypeError, ValueError: a known event without the fields that it can't be understood without.
    """
    reader = _READERS.get(message["type"])
    return reader(message, at) if reader else []


def session_lifetime_s(created: dict[str, Any], now: datetime) -> float | None:
    """Returns the seconds that a session has left, from its `session.created`; None if it doesn't say."""
    expires_at = _object(created.get("session")).get("expires_at")
    if not isinstance(expires_at, int | float) or expires_at <= now.timestamp():
        return None  # a session that has just begun is not over: one of the clocks is wrong
    return float(expires_at) - now.timestamp()


def error_code(message: dict[str, Any]) -> str:
    """Returns the code of an `error` event."""
    error = _object(message.get("error"))
    return str(error.get("code") or error.get("type") or "unknown_error")


def _object(value: object) -> dict[str, Any]:
    """Returns a JSON object as it is, and an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def _ids(message: dict[str, Any]) -> tuple[str, str]:
    """Returns the ids of response and item. A message without ids is about the current response's only item."""
    response_id = str(message.get("response_id") or "")
    return response_id, str(message.get("item_id") or f"item-of-{response_id}")


def _audio(message: dict[str, Any], at: float) -> list[Understood]:
    payload: str = message["delta"]
    size = len(payload) * 3 // 4 - payload[-2:].count("=")
    return [AudioDelta(ResponseAudio(at, *_ids(message), size), payload)] if size else []


def _words(message: dict[str, Any], at: float) -> list[Understood]:
    return [ResponseWords(at, *_ids(message), str(message["delta"]))]


def _created(message: dict[str, Any], at: float) -> list[Understood]:
    response = message["response"]
    return [ResponseCreated(at, response["id"], _object(response.get("metadata")).get("request"))]


def _output_item(message: dict[str, Any], at: float) -> list[Understood]:
    item = message["item"]
    if item.get("type") != "function_call":
        return []
    return [ToolRequested(at, _ids(message)[0], item["call_id"], item["name"])]


def _ended(message: dict[str, Any], at: float) -> list[Understood]:
    """Read the end of a response. Missing fields are tolerated: otherwise a caller would wait for the rest of it."""
    response = _object(message.get("response"))
    details = _object(response.get("status_details"))
    error = _object(details.get("error"))
    reason = str(error.get("code") or details.get("reason") or error.get("type") or "")
    understood: list[Understood] = [_usage(_object(response.get("usage")))]
    if meaning_of(reason).is_permanent:
        return [*understood, ModelLost(at, reason, permanent=True)]
    response_id = str(response.get("id") or message.get("response_id") or "")
    return [*understood, ResponseEnded(at, response_id, _status(response.get("status")), reason)]


def _status(told: object) -> ResponseStatus:
    """Returns the status of a response. An unknown or missing one counts as incomplete: what was said stays."""
    return next((status for status in ResponseStatus if status == told), ResponseStatus.INCOMPLETE)


def _usage(usage: dict[str, Any]) -> Usage:
    tokens = {name: value for name, value in usage.items() if isinstance(value, int)}
    for side in ("input", "output"):
        details = _object(usage.get(f"{side}_token_details"))
        tokens |= {f"{side}_{name}": value for name, value in details.items() if isinstance(value, int)}
        cached = details.get("cached_tokens_details") or {}
        tokens |= {f"{side}_cached_{name}": value for name, value in cached.items() if isinstance(value, int)}
    return Usage(tokens)


def _transcribed(message: dict[str, Any], at: float) -> list[Understood]:
    usage = {f"transcription_{name}": value for name, value in _usage(_object(message.get("usage"))).tokens.items()}
    return [Usage(usage), CallerWords(at, message["item_id"], str(message["transcript"]))]


def _error(message: dict[str, Any], at: float) -> list[Understood]:
    error, code = _object(message.get("error")), error_code(message)
    meaning = meaning_of(code)
    if meaning.is_permanent or meaning is Meaning.SESSION_OVER:
        return [ModelLost(at, code, permanent=meaning.is_permanent)]
    return [RequestRefused(at, code, error.get("event_id"))]


_READERS: Final[dict[str, Callable[[dict[str, Any], float], list[Understood]]]] = {
    "response.output_audio.delta": _audio,
    "response.audio.delta": _audio,
    "response.output_audio_transcript.delta": _words,
    "response.audio_transcript.delta": _words,
    "response.created": _created,
    "response.output_item.done": _output_item,
    "response.done": _ended,
    "input_audio_buffer.speech_started": lambda message, at: [SpeechStarted(at)],
    "input_audio_buffer.speech_stopped": lambda message, at: [SpeechStopped(at, str(message.get("item_id") or ""))],
    "input_audio_buffer.committed": lambda message, at: [TurnCommitted(at, message["item_id"])],
    "conversation.item.input_audio_transcription.completed": _transcribed,
    "error": _error,
}
