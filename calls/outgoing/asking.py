"""Asking for a call, and taking that back. Expects the business to be set (`acting_for`).

The row that is written is the queue; `placing.py` looks at it every few seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from businesses.audit import AuditKind, record
from businesses.models import Appointment, Business, User
from businesses.phone_numbers import NotDialable, dialable_e164
from calls.models import OPEN_STATES, OutgoingCall, OutgoingState, Task
from calls.outgoing import consent
from calls.outgoing.choices import choices_of
from calls.outgoing.consent import Basis
from calls.outgoing.rules import Why


@dataclass(frozen=True, slots=True)
class Asked:
    """The call is waiting, or is being made: `is_new` if it was not asked for before."""

    row: OutgoingCall
    is_new: bool


def ask(
    business: Business,
    number: str,
    *,
    who: str = "",
    about: str = "",
    task: Task | None = None,
    appointment: Appointment | None = None,
    by: User | None,
    now: datetime,
) -> Asked | Why:
    """Have the assistant call a number (E.164). Returns why it can't be called at all, with nothing stored.

    `appointment`: the one of which the call reminds, and no other call does.
    """
    if refusal := refusal_of(business, number, appointment=appointment, now=now):
        return refusal
    with transaction.atomic():
        # Locked, so that two members who press at the same moment get one call.
        Business.every.select_for_update(no_key=True).get(pk=business.pk)
        open_one = OutgoingCall.objects.filter(business=business, number=number, state__in=OPEN_STATES).first()
        if open_one:
            return Asked(open_one, is_new=False)
        basis = _basis_of(business, number, appointment, now)
        row = OutgoingCall.objects.create(
            business=business,
            task=task,
            appointment=appointment,
            appointment_at=appointment.starts_at if appointment else None,
            number=number,
            who=" ".join(who.split())[:120],
            about=about.strip()[:1000],
            basis=basis.value if basis else "",
            asked_by=by,
            asked_at=now,
            due_at=now,
        )
        record(business, AuditKind.OUTGOING_CALL, step="asked", outgoing=str(row.pk))
    return Asked(row, is_new=True)


def refusal_of(business: Business, number: str, *, appointment: Appointment | None = None, now: datetime) -> Why | None:
    """Returns why a number (E.164) is never called as things are; None if it may be, at the right time."""
    if not choices_of(business).enabled or not business.is_active:
        return Why.OFF
    try:
        if dialable_e164(number) != number:
            return Why.NOT_A_NUMBER
    except NotDialable:
        return Why.NOT_A_NUMBER
    if refusal := business.dial_refusal(number):
        return Why(refusal.value)
    if why := consent.objection(business, number):
        return why
    return None if _basis_of(business, number, appointment, now) else Why.NOT_AGREED


def cancel(business: Business, row_id: UUID, *, now: datetime) -> bool:
    """Take a call back that waits. Returns False if it is being made, or is over."""
    with transaction.atomic():
        waiting = OutgoingCall.objects.filter(business=business, pk=row_id, state=OutgoingState.WAITING)
        done = bool(waiting.update(state=OutgoingState.CANCELLED, due_at=None, ended_at=now))
        if done:
            record(business, AuditKind.OUTGOING_CALL, step="cancelled", outgoing=str(row_id))
    return done


def _basis_of(business: Business, number: str, appointment: Appointment | None, now: datetime) -> Basis | None:
    if appointment and (basis := consent.by_appointment(appointment, number)):
        return basis
    return consent.basis_of(business, number, now=now)
