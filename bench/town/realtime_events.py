"""Events of OpenAI Realtime as it sends them, with all the fields that a server has to read past. Pure."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

WORDS: Final = "We are open from nine to five on weekdays, and on Saturday mornings by appointment only. "
_ordinals: Final = count(1)


def event(kind: str, /, **fields: Any) -> bytes:
    """Returns an event as it is sent."""
    told = {"type": kind, "event_id": f"event_{next(_ordinals):021d}", **fields}
    return json.dumps(told, separators=(",", ":")).encode()


def created(session: str) -> bytes:
    """Returns the first event of a session."""
    expires_at = int(time.time()) + 3600
    return event("session.created", session={"type": "realtime", "id": session, "expires_at": expires_at})


def updated(session: str, asked: Mapping[str, Any]) -> bytes:
    """Returns that a configuration was taken as it was asked for."""
    return event("session.updated", session={**asked, "id": session, "object": "realtime.session"})


def turn_began(item: str, at_ms: int) -> bytes:
    """Returns that somebody talks."""
    return event("input_audio_buffer.speech_started", audio_start_ms=at_ms, item_id=item)


def turn_ended(item: str, at_ms: int) -> list[bytes]:
    """Returns that the turn is over."""
    content = [{"type": "input_audio", "transcript": None}]
    wire = {"id": item, "type": "message", "status": "completed", "role": "user", "content": content}
    return [
        event("input_audio_buffer.speech_stopped", audio_end_ms=at_ms, item_id=item),
        event("input_audio_buffer.committed", previous_item_id=None, item_id=item),
        event("conversation.item.added", previous_item_id=None, item=wire),
        event("conversation.item.done", previous_item_id=None, item=wire),
    ]


def transcribed(item: str) -> bytes:
    """Returns what was understood of a turn."""
    usage = {"type": "tokens", "total_tokens": 60, "input_tokens": 40, "output_tokens": 20}
    kind = "conversation.item.input_audio_transcription.completed"
    return event(kind, item_id=item, content_index=0, transcript="When are you open on Saturdays?", usage=usage)


class Answer:
    """The events of one response with one item of audio."""

    def __init__(self, ordinal: int, session: str, metadata: Mapping[str, str] | None) -> None:
        self._response, self._item = f"resp_{session}_{ordinal}", f"item_{session}_{ordinal}"
        self._metadata = metadata
        self._place = {"response_id": self._response, "item_id": self._item, "output_index": 0, "content_index": 0}

    def begin(self) -> list[bytes]:
        """Returns the events before the first audio."""
        item = self._wire("in_progress", [])
        part = {"type": "audio", "transcript": ""}
        return [
            event("response.created", response=self._object("in_progress", [])),
            event("response.output_item.added", response_id=self._response, output_index=0, item=item),
            event("conversation.item.added", previous_item_id=None, item=item),
            event("response.content_part.added", **self._place, part=part),
        ]

    def words(self, said: str) -> bytes:
        """Returns some words of the transcript."""
        return event("response.output_audio_transcript.delta", **self._place, delta=said)

    def audio(self, delta: bytes) -> bytes:
        """Returns some audio, which is base64 already."""
        head = event("response.output_audio.delta", **self._place)[:-1]
        return b'%b,"delta":"%b"}' % (head, delta)

    def end(self, transcript: str) -> list[bytes]:
        """Returns the events after the last audio."""
        part = {"type": "audio", "transcript": transcript}
        item = self._wire("completed", [{"type": "output_audio", "transcript": transcript}])
        return [
            event("response.output_audio.done", **self._place),
            event("response.output_audio_transcript.done", **self._place, transcript=transcript),
            event("response.content_part.done", **self._place, part=part),
            event("conversation.item.done", previous_item_id=None, item=item),
            event("response.output_item.done", response_id=self._response, output_index=0, item=item),
            event("response.done", response=self._object("completed", [item])),
        ]

    def _wire(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._item,
            "object": "realtime.item",
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }

    def _object(self, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
        usage = {
            "total_tokens": 400,
            "input_tokens": 300,
            "output_tokens": 100,
            "input_token_details": {"text_tokens": 200, "audio_tokens": 100, "cached_tokens": 0},
            "output_token_details": {"text_tokens": 20, "audio_tokens": 80},
        }
        return {
            "object": "realtime.response",
            "id": self._response,
            "status": status,
            "status_details": None,
            "output": output,
            "conversation_id": "conv_1",
            "output_modalities": ["audio"],
            "max_output_tokens": "inf",
            "metadata": self._metadata,
            "usage": usage if status == "completed" else None,
        }
