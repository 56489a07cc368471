"""The responses of a session: created, paced, cancelled, ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from calls.sandbox.openai.agenda import Agenda
from calls.sandbox.openai.client_events import Rejected, WireEvent
from calls.sandbox.openai.generation import Made, Pace, Response, Step, Supply
from calls.sandbox.openai.items import Item, Items
from calls.sandbox.openai.misbehaviour import Misbehaviour
from calls.sandbox.openai.outputs import Abort, Output, Send, Think
from calls.sandbox.openai.scenario import LateDeltas, NoMetadata, RejectResponse, Scenario, SlowFirstDelta
from calls.sandbox.openai.silent_faults import LateCancel, Swallow
from calls.sandbox.openai.usage import tokens_of
from calls.sandbox.receptionist.engine import ReplyRequest

_RATE_LIMITS: WireEvent = {
    "type": "rate_limits.updated",
    "rate_limits": [{"name": "tokens", "limit": 250000, "remaining": 249000, "reset_seconds": 0.2}],
}


@dataclass(slots=True)
class _Running:
    """An unfinished response. `late_deltas` may still be sent after its cancel; None: it isn't cancelled."""

    response: Response
    misbehaviour: Misbehaviour
    supply: Supply = field(default_factory=Supply)
    steps: Iterator[Step] | None = None
    is_starved: bool = False
    late_deltas: int | None = None
    is_stopping: bool = False


class Responses:
    """One session's responses. At most one at a time belongs to the conversation; others are out of band."""

    def __init__(
        self,
        *,
        scenario: Scenario,
        agenda: Agenda,
        items: Items,
        new_id: Callable[[str], str],
        next_ordinal: Callable[[], int],
    ) -> None:
        self._scenario = scenario
        self._agenda = agenda
        self._items = items
        self._new_id = new_id
        self._next_ordinal = next_ordinal
        self._running: dict[str, _Running] = {}
        self._active_id: str | None = None
        self._conversation_id = new_id("conv")
        self.has_spoken = False

    def create(self, event: WireEvent, request: ReplyRequest, audio: dict[str, Any]) -> list[Output]:
        """Begin a response as the `response.create` event asks. `audio`: the output settings. Raises `Rejected`."""
        wanted: dict[str, Any] = event.get("response") or {}
        out_of_band = wanted.get("conversation") == "none"
        if self._active_id and not out_of_band:
            raise Rejected(
                f"Conversation already has an active response in progress: {self._active_id}. "
                "Wait until the response is finished before creating a new one.",
                code="conversation_already_has_active_response",
            )
        misbehaviour = Misbehaviour(self._scenario, self._next_ordinal())
        if rejected := misbehaviour.find(RejectResponse):
            raise Rejected(rejected.message, code=rejected.code)
        if misbehaviour.find(Swallow):
            return []
        response = Response(
            self._new_id("resp"),
            None if misbehaviour.find(NoMetadata) else wanted.get("metadata"),
            {"format": audio["format"], "voice": audio["voice"]},
            self._new_id,
            None if out_of_band else self._join,
            given=tokens_of(self._items, request.instructions),
            conversation_id=None if out_of_band else self._conversation_id,
        )
        self._running[response.id] = _Running(response, misbehaviour)
        if not out_of_band:
            self._active_id = response.id
        outputs: list[Output] = [Send(response.created())]
        return outputs if misbehaviour.stalls(0) else [*outputs, Think(response.id, request, str(audio["voice"]))]

    def speak(self, response_id: str, parts: Sequence[Made], now: float, *, more: bool) -> bool:
        """Send the reply, or a part of it. Returns whether it is wanted: False once it was cancelled."""
        running = self._running.get(response_id)
        if running is None:
            return False
        running.supply.add(running.misbehaviour.reshape(parts), more=more)
        if running.steps is None:
            pace = Pace(self._scenario.delta_ms, self._scenario.speed)
            running.steps = running.response.make(running.supply, pace)
            slow = running.misbehaviour.find(SlowFirstDelta)
            first_s = self._scenario.first_delta_s + (slow.seconds if slow else 0.0)
            self._agenda.at(now + first_s, lambda at: self._advance(running, at))
        elif running.is_starved:
            running.is_starved = False
            self._agenda.at(now, lambda at: self._advance(running, at))
        return True

    def cancel(self, event: WireEvent, reason: str = "client_cancelled", *, now: float | None = None) -> list[Output]:
        """Stop the named response, or else the conversation's. Raises `Rejected` when there is nothing to stop."""
        running = self._running.get(event.get("response_id") or self._active_id or "")
        if running is None or running.late_deltas is not None or running.is_stopping:
            raise Rejected("Cancellation failed: no active response found", code="response_cancel_not_active")
        if now is not None and (stubborn := running.misbehaviour.find(LateCancel)):
            running.is_stopping = True
            details = {"type": "cancelled", "reason": reason}
            self._agenda.at(now + stubborn.seconds, lambda _: self._end(running, "cancelled", details))
            return []
        late = running.misbehaviour.find(LateDeltas)
        if late and running.response.audio_deltas:
            running.late_deltas = late.deltas
            return []
        return self._end(running, "cancelled", {"type": "cancelled", "reason": reason})

    def interrupt(self) -> list[Output]:
        """Stop the conversation's response because the caller speaks (`interrupt_response`), if there is one."""
        running = self._running.get(self._active_id or "")
        return [] if running is None or running.late_deltas is not None else self.cancel({}, "turn_detected")

    def _join(self, item: Item) -> str | None:
        return self._items.add(item, None)

    def _advance(self, running: _Running, now: float) -> list[Output]:
        """Send the response's next events, up to its next pause."""
        response = running.response
        outputs: list[Output] = []
        stalls = running.misbehaviour.stalls
        # If it isn't running, it was cancelled since this step was put on the agenda.
        while response.id in self._running and not running.is_stopping and not stalls(response.audio_deltas):
            if ending := self._ending(running):
                return outputs + self._end(running, *ending)
            outputs += running.misbehaviour.interjection(response.id, response.audio_deltas)
            if Abort() in outputs:
                return outputs
            step = next(running.steps or iter(()), None)
            if step is None:
                return outputs + self._forget(running)
            if step.is_starved:
                running.is_starved = True
                return outputs
            outputs += map(Send, running.misbehaviour.rename(step.events))
            if step.pause_s:
                self.has_spoken = True
                running.late_deltas = running.late_deltas and running.late_deltas - 1
                self._agenda.at(now + step.pause_s, lambda at: self._advance(running, at))
                return outputs
        return outputs

    def _ending(self, running: _Running) -> tuple[str, WireEvent] | None:
        if running.late_deltas == 0:
            return "cancelled", {"type": "cancelled", "reason": "client_cancelled"}
        return running.misbehaviour.ending(running.response.audio_deltas)

    def _end(self, running: _Running, status: str, details: WireEvent) -> list[Output]:
        events = running.misbehaviour.rename(running.response.finish(status, details))
        return [*map(Send, events), *self._forget(running)]

    def _forget(self, running: _Running) -> list[Output]:
        del self._running[running.response.id]
        if self._active_id == running.response.id:
            self._active_id = None
        return [Send(_RATE_LIMITS)]
