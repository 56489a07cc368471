"""Ends calls in the records, whoever learns of the end first: the call's own process, Twilio, or the sweep.

The process that held the stream knows best, so its word replaces what the others wrote. Everyone else only ends a
call that is still open. Charging the minutes goes by the difference, so that no order of these charges twice.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, UUIDField

from businesses.hidden import is_hidden
from businesses.models import Business
from businesses.prepared import Given, PreparedUpdate
from businesses.tenancy import across_businesses, acting_for
from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason
from calls.models import BROWSER, Call, CallOutcome, CallStatus, Transfer
from calls.records import charging, telling, timelines
from calls.records.endings import Ending, outcome_of

logger = logging.getLogger(__name__)

_LONGEST_CAUSE = 100
DEAD_AFTER = timedelta(seconds=60)
"""A live call's process writes every few seconds; after this long without a write it is considered dead."""
NEVER_OPENED_AFTER = timedelta(minutes=2)
"""A stream that has not opened by then never will: its token has expired."""

_CLOSED: Final = (
    "status", "outcome", "end_reason", "end_detail", "ended_at", "stream_token_hash", "minutes_charged",
    "cost_counted", "next_step", "user_has_spoken", "transfer_number", "summary_due_at",
    "is_to_measure",
)  # fmt: skip
_closing = PreparedUpdate(lambda: Call.objects.filter(pk=Given("call", UUIDField())), *_CLOSED)

TRIAL_OPENS_WITHIN = timedelta(seconds=10)
"""A page opens its socket at once: after this long it never will, and holds no line any more."""


def end_by_its_process(call_id: UUID, business: Business, ending: Ending, *, now: datetime) -> None:
    """Write the end as the process that holds the call's stream knows it, over whatever others guessed.

    Expects the business to be set. Raises `Call.DoesNotExist` for a call that was deleted meanwhile.
    """
    with transaction.atomic(savepoint=False):
        call = charging.locked(call_id, business)
        if call is None:
            raise Call.DoesNotExist(f"call {call_id} is gone")
        call.next_step = ending.next_step
        call.user_has_spoken = ending.user_has_spoken
        call.transfer_number = ending.dial
        call.end_detail = {"cause": ending.cause[:_LONGEST_CAUSE]} if ending.cause else {}
        if ending.next_step is NextStep.TRANSFER:
            _keep_wish(call, ending, now=now)
        _close(call, outcome=ending.outcome, reason=ending.reason, ended_at=now)


def _keep_wish(call: Call, ending: Ending, *, now: datetime) -> None:
    """Keep whom the caller is to be put through to; `calls/telephone/transferring.py` does it."""
    wish = {"name": ending.to, "about": ending.about, "was_announced": ending.was_announced}
    Transfer.objects.get_or_create(
        call=call,
        stream_number=call.stream_number,
        defaults={"business_id": call.business_id, "asked_at": now, **wish},
    )


def end_if_open(call_id: UUID, *, next_step: NextStep, failed: bool, reason: EndReason, now: datetime) -> bool:
    """End a call that is still open. Returns False if it had ended already."""
    with transaction.atomic():
        call = Call.objects.select_for_update().filter(pk=call_id).exclude(status=CallStatus.ENDED).first()
        if call is None:
            return False
        call.next_step = next_step
        outcome = outcome_of(next_step=next_step, failed=failed, user_has_spoken=call.user_has_spoken)
        _close(call, outcome=outcome, reason=reason, ended_at=now)
    return True


def holding_a_line(*, now: datetime) -> Q:
    """Returns the condition of calls that take up a line: live, just coming in, or put through to a person's phone."""
    return (
        Q(status=CallStatus.LIVE, alive_at__gte=now - DEAD_AFTER)
        | Q(_opens_soon(now), status=CallStatus.RINGING)
        | Q(dialling_until__gte=now)
    )


def dead_calls(*, now: datetime) -> Q:
    """Returns the condition of calls that are open in the records but belong to no running process."""
    return ~Q(status=CallStatus.ENDED) & (
        Q(status=CallStatus.LIVE, alive_at__lt=now - DEAD_AFTER) | (Q(status=CallStatus.RINGING) & ~_opens_soon(now))
    )


def _opens_soon(now: datetime) -> Q:
    """Returns the condition of calls whose stream may still open. A browser has no line to set up."""
    return Q(started_at__gte=now - NEVER_OPENED_AFTER) & ~Q(
        caller_number=BROWSER, started_at__lt=now - TRIAL_OPENS_WITHIN
    )


def end_dead_calls(*, now: datetime) -> int:
    """End the calls whose process died without Twilio telling us. Returns how many there were."""
    with across_businesses():  # the sweep serves the whole installation; each call is then ended for its business
        dead = list(Call.objects.filter(dead_calls(now=now)).select_related("business")[:200])
    return sum(_end_dead(call, now=now) for call in dead)


def _end_dead(call: Call, *, now: datetime) -> bool:
    live = call.status == CallStatus.LIVE
    reason = EndReason.PROCESS_DIED if live else EndReason.STREAM_NEVER_OPENED
    ended_at = call.alive_at if live and call.alive_at else now  # nobody pays for the time after the last sign of life
    with acting_for(call.business):
        ended = end_if_open(call.pk, next_step=NextStep.HANG_UP, failed=True, reason=reason, now=ended_at)
    if ended:
        logger.warning("call %s of business %s ended by the sweep: %s", call.pk, call.business_id, reason)
    return ended


def _close(call: Call, *, outcome: CallOutcome, reason: EndReason, ended_at: datetime) -> None:
    call.status = CallStatus.ENDED
    call.outcome = outcome
    call.end_reason = reason
    call.ended_at = ended_at
    call.stream_token_hash = ""
    if call.stream_opened_at and not call.summary and not is_hidden(call.business_id):
        # `calls/records/summaries.py` looks whether there is anything to sum up. Who was put through may come back.
        comes_back = call.next_step == NextStep.TRANSFER
        call.summary_due_at = ended_at + (telling.COMES_BACK_WITHIN if comes_back else timedelta(0))
    call.is_to_measure = True
    charging.charge(call, until=ended_at, now=ended_at)
    _closing.run(call=call.pk, **{name: getattr(call, name) for name in _CLOSED})
    if call.stream_opened_at:
        timelines.want(call, now=ended_at)
    telling.ended(call)
