"""How a call ended: what its records say, decided in one place."""

from __future__ import annotations

from dataclasses import dataclass

from calls.conversation.commands import EndCall, NextStep
from calls.models import CallOutcome


def outcome_of(*, next_step: NextStep, failed: bool, user_has_spoken: bool) -> CallOutcome:
    """The outcome that an owner reads. Where the caller went counts first, then whether it broke, then who spoke."""
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

    reason: str
    next_step: NextStep
    outcome: CallOutcome
    user_has_spoken: bool
    dial: str = ""
    """The number that a person of the business gave for a transfer; empty: the fallback number."""

    @classmethod
    def of(cls, end: EndCall, *, user_has_spoken: bool, dial: str = "") -> Ending:
        """The ending that the conversation's last command means."""
        outcome = outcome_of(next_step=end.next_step, failed=end.failed, user_has_spoken=user_has_spoken)
        return cls(
            end.reason, end.next_step, outcome, user_has_spoken, dial if end.next_step is NextStep.TRANSFER else ""
        )
