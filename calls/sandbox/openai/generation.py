"""One response: its events, in OpenAI's order and pace."""

from __future__ import annotations

import copy
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from calls.sandbox.openai import usage
from calls.sandbox.openai.client_events import WireEvent
from calls.sandbox.openai.items import BYTES_PER_MS, Item
from calls.sandbox.openai.usage import Tokens
from calls.sandbox.receptionist.engine import CallTool


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance with its audio (µ-law), or a piece of one: `goes_on` belongs to the same item as the one before."""

    words: str
    audio: bytes
    goes_on: bool = False


Made = Spoken | CallTool


class Supply:
    """The parts of a reply as they become ready. Iterating gives None where the next one isn't there yet."""

    def __init__(self) -> None:
        self._parts: deque[Made] = deque()
        self._is_complete = False

    def add(self, parts: Iterable[Made], *, more: bool) -> None:
        """Add parts. `more`: these are not the last ones."""
        self._parts += parts
        self._is_complete = not more

    def __iter__(self) -> Iterator[Made | None]:
        while self._parts or not self._is_complete:
            yield self._parts.popleft() if self._parts else None


@dataclass(frozen=True, slots=True)
class Pace:
    """How audio comes: `delta_ms` of it at a time, `speed` times as fast as it plays."""

    delta_ms: int
    speed: float


@dataclass(frozen=True, slots=True)
class Step:
    """Events to send now, and how long to wait for the next step. `is_starved`: until more of the reply is there."""

    events: list[WireEvent]
    pause_s: float = 0.0
    is_starved: bool = False


@dataclass(slots=True)
class Response:
    """A response from `response.created` to `response.done`.

    `join` puts a new item into the conversation and returns the id of the one before it; None for a response out
    of band, whose items stay outside. `given`: what it was given to read.
    """

    id: str
    metadata: dict[str, str] | None
    audio_config: dict[str, Any]
    new_id: Callable[[str], str]
    join: Callable[[Item], str | None] | None
    given: Tokens = field(default_factory=Tokens)
    conversation_id: str | None = None
    audio_deltas: int = 0
    _items: list[Item] = field(default_factory=list)
    _open: Item | None = None
    _previous_id: str | None = None

    def created(self) -> WireEvent:
        """Returns the event of its beginning."""
        return {"type": "response.created", "response": self._object("in_progress", None)}

    def make(self, supply: Supply, pace: Pace) -> Iterator[Step]:
        """Returns the steps from the first item to `response.done`. Each takes effect when it is reached."""
        for part in supply:
            if part is None:
                yield Step([], is_starved=True)
                continue
            if not (isinstance(part, Spoken) and part.goes_on):
                yield Step(self._close_item("completed"))
                yield Step(self._open_item(part))
            if isinstance(part, Spoken):
                yield from self._audio(part, pace)
            else:
                yield Step(self._arguments(part))
        yield Step(self._close_item("completed"))
        yield Step(self.finish("completed", None))

    def finish(self, status: str, details: WireEvent | None) -> list[WireEvent]:
        """End the response with this status. Returns the events for it."""
        events = self._close_item("incomplete")
        return [*events, {"type": "response.done", "response": self._object(status, details)}]

    def _open_item(self, part: Made) -> list[WireEvent]:
        wire: WireEvent = {"id": self.new_id("item"), "object": "realtime.item", "status": "in_progress"}
        if isinstance(part, CallTool):
            wire |= {"type": "function_call", "name": part.name, "call_id": self.new_id("call"), "arguments": ""}
        else:
            wire |= {"type": "message", "role": "assistant", "content": []}
        item = Item(wire, is_assistant_audio=isinstance(part, Spoken))
        self._open = item
        self._items.append(item)
        events = [self._event("output_item.added", item=copy.deepcopy(wire))]
        if self.join:
            self._previous_id = self.join(item)
            events.append(self._conversation_event("added", item))
        if item.is_assistant_audio:
            events.append(self._event("content_part.added", content_index=0, part={"type": "audio", "transcript": ""}))
            wire["content"].append({"type": "output_audio", "transcript": ""})
        return events

    def _close_item(self, status: str) -> list[WireEvent]:
        """Close the current item, if there is one. Returns the events for it."""
        item = self._open
        if item is None:
            return []
        item.wire["status"] = status
        events = []
        if item.is_assistant_audio:
            transcript = item.wire["content"][0].get("transcript", "")
            events = [
                self._event("output_audio.done", content_index=0),
                self._event("output_audio_transcript.done", content_index=0, transcript=transcript),
                self._event("content_part.done", content_index=0, part={"type": "audio", "transcript": transcript}),
            ]
        if self.join:
            events.append(self._conversation_event("done", item))
        events.append(self._event("output_item.done", item=copy.deepcopy(item.wire)))
        self._open = None
        return events

    def _audio(self, part: Spoken, pace: Pace) -> Iterator[Step]:
        size = pace.delta_ms * BYTES_PER_MS
        said = 0
        for start in range(0, len(part.audio), size):
            chunk = part.audio[start : start + size]
            until = _word_end(part.words, len(part.words) * (start + len(chunk)) // len(part.audio))
            pause_s = len(chunk) / BYTES_PER_MS / 1000 / pace.speed
            yield Step(self._delta(part.words[said:until], chunk), pause_s)
            said = until

    def _delta(self, words: str, chunk: bytes) -> list[WireEvent]:
        item = self._open
        assert item is not None, "audio outside of an item"  # noqa: S101
        item.audio_bytes += len(chunk)
        self.audio_deltas += 1
        events = []
        content = item.wire["content"][0]
        if words and "transcript" in content:  # a truncation meanwhile has deleted it
            content["transcript"] += words
            events.append(self._event("output_audio_transcript.delta", content_index=0, delta=words))
        return [*events, self._event("output_audio.delta", content_index=0, delta=b64encode(chunk).decode())]

    def _arguments(self, part: CallTool) -> list[WireEvent]:
        wire = self._items[-1].wire
        wire["arguments"] = part.arguments
        call = {"call_id": wire["call_id"]}
        return [
            self._event("function_call_arguments.delta", **call, delta=part.arguments),
            self._event("function_call_arguments.done", **call, name=part.name, arguments=part.arguments),
        ]

    def _event(self, kind: str, /, **fields: Any) -> WireEvent:
        """Returns an event about the newest item."""
        place = {"response_id": self.id, "output_index": len(self._items) - 1}
        if not kind.startswith("output_item."):
            place["item_id"] = self._items[-1].id
        return {"type": f"response.{kind}", **place, **fields}

    def _conversation_event(self, name: str, item: Item) -> WireEvent:
        return {
            "type": f"conversation.item.{name}",
            "previous_item_id": self._previous_id,
            "item": copy.deepcopy(item.wire),
        }

    def _object(self, status: str, details: WireEvent | None) -> WireEvent:
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": [copy.deepcopy(item.wire) for item in self._items],
            "conversation_id": self.conversation_id,
            "output_modalities": ["audio"],
            "audio": {"output": self.audio_config},
            "max_output_tokens": "inf",
            "metadata": self.metadata,
            "usage": None if status == "in_progress" else usage.of_response(self.given, self._items),
        }


def _word_end(words: str, position: int) -> int:
    """Returns the end of the word at a position: transcripts are whole words, a little ahead of the sound."""
    end = words.find(" ", position)
    return len(words) if end < 0 else end
