"""What the answer to one message changes in its row. Pure: time and chance are arguments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from whatsapp.providers.base import ErrorRule, SendOutcome, SendResult
from whatsapp.sending.retries import resend_at, retry_at
from whatsapp.states import ErrorClass, RecipientStatus, SkipReason

_FIXED = {
    SendOutcome.ACCEPTED: RecipientStatus.ACCEPTED,
    SendOutcome.HELD: RecipientStatus.HELD,
    SendOutcome.UNKNOWN: RecipientStatus.UNKNOWN,
    SendOutcome.SUPPRESS: RecipientStatus.SKIPPED,
    SendOutcome.CHANNEL_WIDE: RecipientStatus.PENDING,
}


@dataclass(frozen=True, slots=True)
class NextState:
    """The new values of a row after an answer."""

    status: RecipientStatus
    next_attempt_at: datetime | None = None
    refusals: int = 0
    skip_reason: str = ""


def change_for(
    result: SendResult, *, attempts: int, refusals: int, others_succeed: bool, now: datetime, chance: float
) -> NextState:
    """Returns the row's next state after its `attempts`-th attempt.

    A refusal that concerns everybody puts the row back: its broadcast pauses, and sends it once the cause is removed.
    `others_succeed`: messages of the same broadcast were accepted.
    """
    rule = result.rule
    again: datetime | None = None
    status, skip_reason = _FIXED.get(result.outcome, RecipientStatus.FAILED), ""
    match result.outcome:
        case SendOutcome.SAFE_RETRY:
            again = resend_at(attempts, now=now, chance=chance)
        case SendOutcome.SUPPRESS:
            skip_reason = SkipReason.OPTED_OUT
        case SendOutcome.TEMPLATE_WIDE if not concerns_one_row(rule, others_succeed=others_succeed):
            status = RecipientStatus.PENDING
        case SendOutcome.THROTTLED if rule:
            again = retry_at(rule, refusals=1, now=now, chance=chance, retry_after_s=result.retry_after_s)
        case SendOutcome.RETRY | SendOutcome.DEFERRED if rule:
            refusals += 1
            again = retry_at(rule, refusals=refusals, now=now, chance=chance, retry_after_s=result.retry_after_s)
    if again is not None:
        status = RecipientStatus.RETRY_WAIT
    return NextState(status, again, refusals, skip_reason)


def concerns_one_row(rule: ErrorRule | None, *, others_succeed: bool) -> bool:
    """Returns whether a refusal of the template can only be caused by this row's values."""
    return rule is not None and rule.may_be_one_row and others_succeed


def error_class(result: SendResult) -> str:
    """Returns the outcome as it is stored in the row; "" for an acceptance."""
    return "" if result.outcome in {SendOutcome.ACCEPTED, SendOutcome.HELD} else ErrorClass(result.outcome.value).value
