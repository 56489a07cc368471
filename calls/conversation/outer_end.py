"""An end that does not come over the media stream: Twilio reports it by a webhook.

The stream says it best (`stop`: the caller hung up), and a report may overtake it. So a report waits a moment for the
stream's own word, and only then ends the call.

    told by                                     the caller        the record
    the call is over (`completed`, `busy` …)    is gone           over_at_twilio
    the call failed                             is gone           failed_at_twilio
    `stream-stopped`, `stream-error`            may be there      stream_broke: stopped, error
    a machine has answered whom we called       is no person      answering_machine

Who may be there is put through or hears the apology. Times are seconds since the stream opened.
"""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.commands import Command, EndCall, Log, NextStep
from calls.conversation.end_reasons import EndReason, StreamFault
from calls.conversation.events import EndReported, ReportedEnd

GRACE_S = 1.0
"""So long a report waits for the stream's own word."""


_ENDS = {
    ReportedEnd.CALL_OVER: EndCall(EndReason.OVER_AT_TWILIO, NextStep.HANG_UP, failed=False),
    ReportedEnd.CALL_FAILED: EndCall(EndReason.FAILED_AT_TWILIO, NextStep.HANG_UP, failed=True),
    ReportedEnd.NO_PERSON: EndCall(EndReason.ANSWERING_MACHINE, NextStep.HANG_UP, failed=False),
}


def broken(fault: StreamFault | None) -> EndCall:
    """Return the end of a call whose stream broke."""
    return EndCall(EndReason.STREAM_BROKE, NextStep.APOLOGIZE, failed=True, cause=fault or "")


_BROKEN = {ReportedEnd.STREAM_STOPPED: StreamFault.STOPPED, ReportedEnd.STREAM_ERROR: StreamFault.ERROR}


class OuterEnds:
    """What was reported of one call's end."""

    def __init__(self, emit: Callable[[Command], None]) -> None:
        self._emit = emit
        self._reported: EndCall | None = None
        self._due_at: float | None = None

    def reported(self, event: EndReported) -> None:
        """Note a report. That the call is over says more than that its stream is."""
        self._emit(Log("[STREAM]", f"Twilio reports: {event.report}"))
        end = _ENDS.get(event.report) or broken(_BROKEN[event.report])
        if self._reported is None or self._reported.next_step is NextStep.APOLOGIZE:
            self._reported = end
        self._due_at = self._due_at or event.at + GRACE_S

    def after_break(self, fault: StreamFault | None) -> EndCall:
        """Return how the call ends whose stream has broken: as was reported, if that says more than the break does."""
        if self._reported is None or (fault and self._reported.cause == StreamFault.STOPPED):
            return broken(fault)
        return self._reported

    def end(self, at: float) -> EndCall | None:
        """Return how the call ends if it has ended elsewhere by now."""
        return self._reported if self._due_at is not None and at >= self._due_at else None

    def deadline(self) -> float | None:
        """Return when a report ends the call."""
        return self._due_at
