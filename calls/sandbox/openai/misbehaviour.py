"""The faults of a scenario that affect one response."""

from __future__ import annotations

from collections.abc import Sequence

from calls.sandbox.openai import scenario as faults
from calls.sandbox.openai.client_events import WireEvent
from calls.sandbox.openai.generation import Made, Spoken
from calls.sandbox.openai.items import BYTES_PER_MS
from calls.sandbox.openai.outputs import Abort, Output, Send, SendRaw
from calls.sandbox.openai.scenario import FaultT, Scenario
from calls.sandbox.openai.silent_faults import WithoutAudio

_OLD_PREFIXES = (
    ("response.output_audio_transcript.", "response.audio_transcript."),
    ("response.output_audio.", "response.audio."),
)


class Misbehaviour:
    """The faults that strike the response number `ordinal`; none for most responses."""

    def __init__(self, scenario: Scenario, ordinal: int) -> None:
        self._scenario = scenario
        self._ordinal = ordinal
        self._has_interjected = False

    def find(self, kind: type[FaultT]) -> FaultT | None:
        """Returns the fault of this type that strikes this response, if there is one."""
        return self._scenario.striking(kind, self._ordinal)

    def ending(self, deltas: int) -> tuple[str, WireEvent] | None:
        """Returns the status and details with which the response ends after so many deltas; None if it goes on."""
        if (failed := self.find(faults.FailResponse)) and deltas >= failed.after_deltas:
            error = {"type": failed.error_type, "code": failed.code, "message": failed.message}
            return "failed", {"type": "failed", "error": error}
        if (cancelled := self.find(faults.CancelSilently)) and deltas >= cancelled.after_deltas:
            return "cancelled", {"type": "cancelled", "reason": "turn_detected"}
        if (incomplete := self.find(faults.Incomplete)) and deltas >= incomplete.after_deltas:
            return "incomplete", {"type": "incomplete", "reason": incomplete.reason}
        return None

    def stalls(self, deltas: int) -> bool:
        """Returns whether the response stalls after so many audio deltas."""
        stall = self.find(faults.Stall)
        return stall is not None and deltas >= stall.after_deltas

    def interjection(self, response_id: str, deltas: int) -> list[Output]:
        """Returns what is sent between the response's own events, once: a cut line, garbage, an unknown event."""
        outputs: list[Output] = []
        if self._has_interjected:
            return outputs
        if (dropped := self.find(faults.DropConnection)) and deltas >= dropped.after_deltas:
            outputs.append(Abort())
        if (garbage := self.find(faults.Garbage)) and deltas >= garbage.after_deltas:
            outputs += [SendRaw("{ this is no JSON"), SendRaw(b"\x00\xff\xfe"), SendRaw("[1, 2]"), SendRaw("{}")]
        if (unknown := self.find(faults.UnknownEvent)) and deltas >= unknown.after_deltas:
            outputs.append(Send({"type": "response.sparkle.delta", "response_id": response_id, "delta": "*"}))
        if (wordless := self.find(WithoutAudio)) and wordless.text:
            place = {"response_id": response_id, "item_id": f"item_of_{response_id}", "output_index": 0}
            text = {"type": "response.output_text.delta", **place, "content_index": 0, "delta": wordless.text}
            outputs.append(Send(text))
        self._has_interjected = bool(outputs)
        return outputs

    def reshape(self, parts: Sequence[Made]) -> list[Made]:
        """Returns the parts of the reply, with utterances spread over several items where the scenario wants that."""
        split = self.find(faults.SplitAudio)
        if self.find(WithoutAudio):
            return []
        return [piece for part in parts for piece in (_pieces(part, split.items) if split else (part,))]

    def rename(self, events: list[WireEvent]) -> list[WireEvent]:
        """Returns the events: under their retired names, or with half of a function call, if the scenario wants it."""
        if self.find(faults.HalfToolCall):
            events = [_half_called(event) for event in events]
        return [_with_old_name(event) for event in events] if self.find(faults.OldEventNames) else events


def _pieces(part: Made, count: int) -> list[Made]:
    if not isinstance(part, Spoken):
        return [part]
    milliseconds = len(part.audio) // BYTES_PER_MS
    cuts = [milliseconds * index // count * BYTES_PER_MS for index in range(count)] + [len(part.audio)]
    words = [len(part.words) * index // count for index in range(count + 1)]
    return [
        Spoken(part.words[words[index] : words[index + 1]], part.audio[cuts[index] : cuts[index + 1]])
        for index in range(count)
    ]


def _half_called(event: WireEvent) -> WireEvent:
    item = event.get("item") or {}
    is_done = item.get("type") == "function_call" and item.get("status") == "completed"
    return {**event, "item": {**item, "status": "incomplete"}} if is_done else event


def _with_old_name(event: WireEvent) -> WireEvent:
    for new, old in _OLD_PREFIXES:
        if event["type"].startswith(new):
            return {**event, "type": old + event["type"].removeprefix(new)}
    return event
