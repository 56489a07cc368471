"""A call as spans, made at its end of what was measured anyway: setup, greeting, answers, the caller, interruptions.

The trace's id is the call's, so what several processes tell of one call lies together. What was said is not looked at.
"""

from __future__ import annotations

import hashlib
import time
from typing import Final
from uuid import UUID

from businesses import spans
from businesses.spans import Span, Value
from calls import figures
from calls.conversation.commands import KeepTurn, Latency, Measure, Speaker
from calls.models import CallOutcome
from calls.plan import CallPlan
from calls.records.endings import Ending

_MOST: Final = 1_000
"""Of one stream. A call of an hour has some hundreds."""
_MS: Final = 1_000_000
_WAITS: Final = {
    Latency.GREETING: "wait for the greeting",
    Latency.ANSWER: "wait for an answer",
    Latency.BARGE_IN_PAUSE: "interruption, until told to be silent",
    Latency.BARGE_IN_CONFIRMED: "interruption, until silent",
}


class CallSpans:
    """The spans of one stream of a call. Without a collector it remembers nothing."""

    def __init__(self, plan: CallPlan) -> None:
        self._plan = plan
        self._are_wanted = spans.are_wanted()
        now_ns = time.time_ns()
        self._began_ns = plan.opened_ns or now_ns
        self._parts = [("setup", self._began_ns, now_ns)]
        self._turns: dict[int, tuple[str, int, int | None, bool]] = {}

    def measured(self, measure: Measure) -> None:
        """Remember a wait that is over just now."""
        name = _WAITS.get(measure.what)
        if self._are_wanted and name and len(self._parts) < _MOST:
            now_ns = time.time_ns()
            self._parts.append((name, now_ns - measure.milliseconds * _MS, now_ns))

    def turn(self, turn: KeepTurn) -> None:
        """Remember when somebody spoke; a later turn at the same position replaces it."""
        if self._are_wanted and (turn.position in self._turns or len(self._turns) < _MOST):
            name = "caller" if turn.speaker is Speaker.CALLER else "greeting" if turn.is_greeting else "answer"
            self._turns[turn.position] = (name, turn.started_ms, turn.ended_ms, turn.interrupted_ms is not None)

    def ended(self, ending: Ending) -> None:
        """Tell of the whole stream."""
        if not self._are_wanted:
            return
        plan, ended_ns = self._plan, time.time_ns()
        trace_id, stream_id = plan.call_id.bytes, _stream_id(plan.call_id, plan.stream_number)
        about: dict[str, Value | UUID] = {
            "frontdesk.call": plan.call_id,
            "frontdesk.business": plan.business.pk,
            "frontdesk.outcome": ending.outcome.value,
            "frontdesk.end_reason": ending.reason.value,
        }
        if ending.cause:
            about["frontdesk.cause"] = figures.code_label(ending.cause)
        has_failed = ending.outcome in (CallOutcome.FAILED, CallOutcome.FALLBACK)
        spans.tell(
            Span(
                name="call", trace_id=trace_id, span_id=stream_id, began_ns=self._began_ns, ended_ns=ended_ns,
                has_failed=has_failed, attributes=about,
            )
        )  # fmt: skip
        for name, began, ended in self._parts:
            spans.tell(Span(name=name, trace_id=trace_id, parent_id=stream_id, began_ns=began, ended_ns=ended))
        for name, started_ms, ended_ms, is_cut in self._turns.values():
            began = self._began_ns + started_ms * _MS
            ended = ended_ns if ended_ms is None else self._began_ns + ended_ms * _MS
            spans.tell(
                Span(
                    name=name, trace_id=trace_id, parent_id=stream_id, began_ns=began, ended_ns=ended,
                    attributes={"frontdesk.interrupted": is_cut},
                )
            )  # fmt: skip


def _stream_id(call_id: UUID, stream_number: int) -> bytes:
    return hashlib.sha256(call_id.bytes + stream_number.to_bytes(4)).digest()[:8]
