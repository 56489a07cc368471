"""OpenAI Realtime's messages: what we send, typed as in the `openai` package, and what we understand of theirs.

Nothing here opens a socket. The older names of server events (`response.audio.delta` …) are understood too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from calls.conversation.commands import (
    AnswerTool,
    CancelResponse,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    ResponseKind,
    Speaker,
    TellKeys,
    TellResult,
    TruncateItem,
)
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
    TurnCommitted,
    WordsFailed,
)
from calls.conversation.tool_events import ToolRequested
from calls.instructions import response_instructions
from calls.line.usage import Usage, mean_logprob, usage_of
from calls.openai_errors import Meaning, meaning_of, response_in_the_way, try_again_after_s
from calls.openai_messages import error_code, error_text, object_in
from calls.plan import CallPlan

if TYPE_CHECKING:
    from openai.types.realtime import (
        ConversationItemCreateEventParam,
        ConversationItemDeleteEventParam,
        ConversationItemParam,
        ConversationItemTruncateEventParam,
        InputAudioBufferCommitEventParam,
        RealtimeResponseCreateParamsParam,
        ResponseCancelEventParam,
        ResponseCreateEventParam,
        SessionUpdateEventParam,
    )

    ClientEvent = (
        SessionUpdateEventParam
        | ConversationItemCreateEventParam
        | ConversationItemTruncateEventParam
        | ConversationItemDeleteEventParam
        | InputAudioBufferCommitEventParam
        | ResponseCreateEventParam
        | ResponseCancelEventParam
    )


# What we send -------------------------------------------------------------------------------------
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
    if instructions := response_instructions(command.kind, command.words, session=plan.instructions):
        response["instructions"] = instructions
    may_ask = command.kind in (ResponseKind.ANSWER, ResponseKind.RESUMPTION) and command.may_use_tools
    if not may_ask and command.kind is not ResponseKind.CONTINUATION:
        response["tool_choice"] = "none"
    return {"type": "response.create", "event_id": command.request, "response": response}


def client_event(  # noqa: PLR0911 - one for each kind of command
    command: CancelResponse | CommitAudio | TruncateItem | DeleteItem | TellKeys | AnswerTool | TellResult,
) -> ClientEvent:
    """Returns what a command tells OpenAI."""
    match command:
        case CancelResponse():
            return response_cancel(command)
        case CommitAudio():
            return {"type": "input_audio_buffer.commit", "event_id": "commit"}
        case TruncateItem():
            return item_truncate(command)
        case DeleteItem():
            return item_delete(command)
        case TellKeys(keys):
            text = f"(The caller pressed keys of the telephone: {' '.join(keys)})"
            return _new_item({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]})
        case AnswerTool():
            return tool_answer(command)
        case TellResult(news):
            text = f"(A function that you asked for earlier in this call has ended. {news})"
            return _new_item({"type": "message", "role": "system", "content": [{"type": "input_text", "text": text}]})


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


def item_delete(command: DeleteItem) -> ConversationItemDeleteEventParam:
    """Take an item out of the conversation."""
    return {"type": "conversation.item.delete", "event_id": f"delete-{command.item_id}", "item_id": command.item_id}


def tool_answer(command: AnswerTool) -> ConversationItemCreateEventParam:
    """Give a function's result."""
    return {
        "type": "conversation.item.create",
        "event_id": f"tool-{command.tool_call_id}",
        "item": {"type": "function_call_output", "call_id": command.tool_call_id, "output": command.output},
    }


def _new_item(item: ConversationItemParam) -> ConversationItemCreateEventParam:
    return {"type": "conversation.item.create", "item": item}


# What we understand -------------------------------------------------------------------------------
@dataclass(slots=True)  # not frozen, as `CallerFrame`
class AudioDelta:
    """Audio with its bytes, which the conversation only counts."""

    event: ResponseAudio
    payload: str


Understood = Event | Usage | AudioDelta
_LONGEST_LIFE_S: Final = 86_400.0
"""OpenAI's sessions live for an hour."""


def understand(message: dict[str, Any], at: float) -> list[Understood]:
    """Returns what a server event means to us; an empty list for events that we ignore or don't know.

    Raises:
        KeyError, TypeError, ValueError: a known event without the fields that it can't be understood without.
    """
    reader = _READERS.get(message["type"])
    return reader(message, at) if reader else []


def session_lifetime_s(created: dict[str, Any], now: datetime) -> float | None:
    """Returns the seconds that a session has left, from its `session.created`; None if it doesn't say."""
    expires_at = object_in(created.get("session")).get("expires_at")
    if not isinstance(expires_at, int | float) or not now.timestamp() < expires_at < now.timestamp() + _LONGEST_LIFE_S:
        return None  # a session that has just begun is not over: one of the clocks is wrong
    return float(expires_at) - now.timestamp()


def refused_param(message: dict[str, Any]) -> str:
    """Returns the parameter that an `error` event is about, like `session.audio.input.noise_reduction`; or ""."""
    return str(object_in(message.get("error")).get("param") or "")


def _text(value: object) -> str:
    """Returns a text that can't be done without. Raises `TypeError` for anything else: ids are looked up by."""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} in the place of a text")
    return value


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _ids(message: dict[str, Any]) -> tuple[str, str]:
    """Returns the ids of response and item. A message without ids is about the current response's only item."""
    response_id = str(message.get("response_id") or "")
    return response_id, str(message.get("item_id") or f"item-of-{response_id}")


def _audio(message: dict[str, Any], at: float) -> list[Understood]:
    payload = _text(message["delta"])
    size = len(payload) * 3 // 4 - payload[-2:].count("=")
    return [AudioDelta(ResponseAudio(at, *_ids(message), size), payload)] if size else []


def _words(message: dict[str, Any], at: float) -> list[Understood]:
    return [ResponseWords(at, *_ids(message), str(message["delta"]))]


def _created(message: dict[str, Any], at: float) -> list[Understood]:
    response = message["response"]
    response_id = _text(response["id"])
    return [ResponseCreated(at, response_id, _text_or_none(object_in(response.get("metadata")).get("request")))]


def _output_item(message: dict[str, Any], at: float) -> list[Understood]:
    item = message["item"]
    if item.get("type") != "function_call":
        return []
    is_complete = item.get("status") in (None, "completed")
    arguments = str(item.get("arguments") or "")
    call_id, name = _text(item["call_id"]), _text(item["name"])
    return [ToolRequested(at, _ids(message)[0], call_id, name, arguments, is_complete)]


def _ended(message: dict[str, Any], at: float) -> list[Understood]:
    """Read the end of a response. Missing fields are tolerated: otherwise a caller would wait for the rest of it."""
    response = object_in(message.get("response"))
    details = object_in(response.get("status_details"))
    error = object_in(details.get("error"))
    reason = str(error.get("code") or details.get("reason") or error.get("type") or "")
    understood: list[Understood] = [usage_of(object_in(response.get("usage")))]
    if meaning_of(reason).is_permanent:
        return [*understood, ModelLost(at, reason, permanent=True)]
    response_id = str(response.get("id") or message.get("response_id") or "")
    after_s = try_again_after_s(error_text(details))
    return [*understood, ResponseEnded(at, response_id, _status(response.get("status")), reason, after_s)]


def _status(told: object) -> ResponseStatus:
    """Returns the status of a response. An unknown or missing one counts as incomplete: what was said stays."""
    return next((status for status in ResponseStatus if status == told), ResponseStatus.INCOMPLETE)


def _transcribed(message: dict[str, Any], at: float) -> list[Understood]:
    usage = {f"transcription_{name}": value for name, value in usage_of(object_in(message.get("usage"))).tokens.items()}
    words = CallerWords(
        at, _text(message["item_id"]), str(message["transcript"]), mean_logprob(message.get("logprobs"))
    )
    return [Usage(usage), words]


def _error(message: dict[str, Any], at: float) -> list[Understood]:
    code, said = error_code(message), error_text(message)
    meaning = meaning_of(code)
    if meaning.is_permanent or meaning is Meaning.SESSION_OVER:
        return [ModelLost(at, code, permanent=meaning.is_permanent)]
    event_id = _text_or_none(object_in(message.get("error")).get("event_id"))
    return [RequestRefused(at, code, event_id, try_again_after_s(said), response_in_the_way(said))]


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
    "input_audio_buffer.committed": lambda message, at: [TurnCommitted(at, _text(message["item_id"]))],
    "conversation.item.input_audio_transcription.completed": _transcribed,
    "conversation.item.input_audio_transcription.failed": lambda message, at: [
        WordsFailed(at, _text(message["item_id"]))
    ],
    "error": _error,
}
