"""How a call ended: what its records say, decided in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from calls.conversation.commands import EndCall, NextStep
from calls.conversation.end_reasons import EndReason
from calls.models import Call, CallOutcome
from calls.records import old_sentences


def outcome_of(*, next_step: NextStep, failed: bool, user_has_spoken: bool) -> CallOutcome:
    """Returns the outcome that an owner reads: where the caller went, else whether it broke, else who spoke."""
    match next_step:
        case NextStep.TRANSFER:
            return CallOutcome.TRANSFERRED
        case NextStep.APOLOGIZE:
            return CallOutcome.FALLBACK
        case NextStep.HANG_UP if failed:
            return CallOutcome.FAILED
        case NextStep.HANG_UP:
            return CallOutcome.COMPLETED if user_has_spoken else CallOutcome.ABANDONED


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a call as the process that held its stream knows it."""

    reason: EndReason
    next_step: NextStep
    outcome: CallOutcome
    user_has_spoken: bool
    dial: str = ""
    """The number that a person of the business gave for a transfer; empty: the fallback number."""
    cause: str = ""
    to: str = ""
    """Whom the caller is put through to, by name; empty: nobody by name."""
    about: str = ""
    """Why the caller is put through."""
    was_announced: bool = False
    """The caller has heard that they are put through."""

    @classmethod
    def of(cls, end: EndCall, *, user_has_spoken: bool, dial: str = "") -> Ending:
        """Returns the ending that the conversation's last command means."""
        outcome = outcome_of(next_step=end.next_step, failed=end.failed, user_has_spoken=user_has_spoken)
        dial = dial if end.next_step is NextStep.TRANSFER else ""
        return cls(
            end.reason, end.next_step, outcome, user_has_spoken, dial, end.cause, end.to, end.about, end.was_announced
        )


def end_reason_of(call: Call) -> tuple[EndReason, dict[str, Any]] | None:
    """Returns why a call ended, with its detail; None for one that has not ended.

    While a version is being installed, a process of the older one may have written a sentence, and one of the newer
    one a code that this one does not know.
    """
    if call.end_reason:
        try:
            return EndReason(call.end_reason), call.end_detail
        except ValueError:
            return EndReason.OTHER, {}
    return old_sentences.end_reason(call.old_end_reason) if call.old_end_reason else None
