"""What Twilio tells of an outgoing call, applied to its row. Safe to repeat, and in any order.

Twilio names the row by the address that it asks, of which each has the row's secret (`secret_of`).
"""

from __future__ import annotations

import hmac
import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from businesses import usage
from businesses.models import Business, Limit
from businesses.tenancy import across_businesses, acting_for
from calls.models import Call, CallStatus, OutgoingCall, OutgoingState
from calls.outgoing import states
from calls.outgoing.choices import choices_of
from calls.outgoing.rules import Why
from calls.records import charging

logger = logging.getLogger(__name__)

LOOK_AGAIN: Final = timedelta(minutes=2)
"""After so long without news the row is looked at."""
MOST: Final = 100


def secret_of(row_id: UUID) -> str:
    """Returns the secret in the addresses of a call."""
    return salted_hmac("calls.outgoing", str(row_id), algorithm="sha256").hexdigest()[:32]


def find(row_id: UUID, secret: str) -> OutgoingCall | None:
    """Returns the call of an address, with its business; None if its secret is wrong or the row is gone."""
    if not hmac.compare_digest(secret.encode(), secret_of(row_id).encode()):
        return None
    with across_businesses():  # the address names the row only; what follows acts for the row's business
        return OutgoingCall.objects.select_related("business", "call").filter(pk=row_id).first()


def note_status(found: OutgoingCall, told: str, *, call_sid: str, now: datetime) -> None:
    """Note a `CallStatus`."""
    with acting_for(found.business), transaction.atomic():
        row = _locked(found)
        if row is None:
            return
        if call_sid and not row.twilio_call_sid:
            row.twilio_call_sid = call_sid[:64]
            row.save(update_fields=["twilio_call_sid"])
        then = states.after_report(row.state, told, has_call=row.call is not None, answered_by=row.answered_by)
        if then is OutgoingState.RINGING:
            row.state, row.why, row.due_at, row.ended_at = then, "", now + LOOK_AGAIN, None
            row.save(update_fields=["state", "why", "due_at", "ended_at"])
        elif then:
            settle(row, then, why=Why.NO_STREAM if then is OutgoingState.FAILED else "", now=now)


def note_answerer(found: OutgoingCall, answered_by: str) -> OutgoingCall | None:
    """Note who has answered, as Twilio's machine detection says it. Returns the row as it is then."""
    with acting_for(found.business), transaction.atomic():
        row = _locked(found)
        if row is not None and row.state in states.MOVABLE:
            row.answered_by = answered_by[: states.MOST_LETTERS]
            row.save(update_fields=["answered_by"])
        return row


def settle(row: OutgoingCall, state: OutgoingState, *, why: str, now: datetime) -> None:
    """End a call whose row is locked, count its minutes, and have it tried again if the owner wants that."""
    row.state, row.why, row.due_at, row.ended_at = state, why, None, now
    row.save(update_fields=["state", "why", "due_at", "ended_at"])
    if row.call is not None:
        usage.add(row.business, {Limit.DIALLED_MINUTES: charging.in_minutes(now - row.call.started_at)}, now=now)
    choices = choices_of(row.business)
    is_wanted = state in states.TRIED_AGAIN and row.try_number <= choices.retries and choices.enabled
    waiting = OutgoingCall.objects.filter(business=row.business, number=row.number, state=OutgoingState.WAITING)
    if is_wanted and not waiting.exists():
        OutgoingCall.objects.create(
            business=row.business, task=row.task, try_number=row.try_number + 1, number=row.number,
            appointment_id=row.appointment_id, appointment_at=row.appointment_at,
            who=row.who, about=row.about, basis=row.basis, asked_by=row.asked_by, asked_at=row.asked_at, why=Why.RETRY,
            due_at=now + timedelta(minutes=choices.retry_minutes),
        )  # fmt: skip
    logger.info("outgoing call %s of business %s: %s", row.pk, row.business_id, state.value)


def forgotten(now: datetime) -> QuerySet[OutgoingCall]:
    """Returns the calls of which nothing was heard for too long. Expects the businesses to be set."""
    return OutgoingCall.objects.filter(state__in=states.UNDER_WAY, due_at__lte=now)


def look_at_forgotten(*, now: datetime) -> int:
    """Settle the calls of which nothing was heard for too long. Returns how many were looked at."""
    with across_businesses():  # the sweep serves the whole installation; each call is then settled for its business
        found = list(forgotten(now).select_related("business").order_by("due_at")[:MOST])
    for each in found:
        with acting_for(each.business), transaction.atomic():
            row = _locked(each)
            if row is not None and row.state in states.UNDER_WAY and row.due_at is not None and row.due_at <= now:
                _look(row, now=now)
    return len(found)


def _look(row: OutgoingCall, *, now: datetime) -> None:
    call = row.call
    if call is None:
        row.state, row.why, row.due_at, row.ended_at = OutgoingState.UNKNOWN, "", None, now
        row.save(update_fields=["state", "why", "due_at", "ended_at"])
        logger.warning("outgoing call %s of business %s: nobody knows what became of it", row.pk, row.business_id)
    elif call.status == CallStatus.ENDED:
        was_machine = states.is_machine(row.answered_by)
        then = OutgoingState.MACHINE if was_machine else OutgoingState.TALKED
        settle(row, then, why="", now=call.ended_at or now)
    else:
        row.due_at = now + LOOK_AGAIN
        row.save(update_fields=["due_at"])


def _locked(found: OutgoingCall) -> OutgoingCall | None:
    # The business first, as everybody does who makes rows of it; then the row.
    business = Business.every.select_for_update(no_key=True).get(pk=found.business_id)
    row = OutgoingCall.objects.select_for_update(no_key=True, of=("self",)).filter(pk=found.pk).first()
    if row is not None:
        row.business = business
        row.call = Call.objects.filter(pk=row.call_id).first() if row.call_id else None
    return row
