"""Whether a person has agreed to be called, and by what. Expects the business to be set (`acting_for`)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from businesses import messenger
from businesses.models import Appointment, Business, MadeBy
from calls.models import BlockedCaller, Call, Task, TaskKind
from calls.outgoing.rules import Why

LATELY: Final = timedelta(days=30)
"""Who called or left a message expects an answer for so long."""


class Basis(StrEnum):
    """By what a person has agreed to be called."""

    ASKED = "asked"
    """They left a message or asked to be called back."""
    CALLED = "called"
    """They called."""
    AGREED = "agreed"
    """Their consent is recorded, or they have just written."""
    APPOINTMENT = "appointment"
    """They gave this number for an appointment that is to come: they may be called about that one."""


def basis_of(business: Business, number: str, *, now: datetime) -> Basis | None:
    """Returns by what the person with this number has agreed to be called; None if they have not."""
    asked = Task.objects.filter(
        business=business, number=number, kind__in=(TaskKind.CALL_BACK, TaskKind.MESSAGE), created_at__gt=now - LATELY
    )
    if asked.exists():
        return Basis.ASKED
    called = Call.objects.filter(
        business=business, caller_number=number, started_at__gt=now - LATELY, is_outgoing=False
    )
    if called.exists():
        return Basis.CALLED
    return Basis.AGREED if messenger.has_agreed(business, number, now=now) else None


def by_appointment(appointment: Appointment, number: str) -> Basis | None:
    """Returns whether the number was given for this appointment by whom it belongs to.

    What somebody says on the telephone counts only for the number of that call: it could be anybody's. Who said yes
    to a reminder in a call did so for its number (`tools/book_appointment.py`).
    """
    if appointment.number != number:
        return None
    if appointment.made_by != MadeBy.CALL or appointment.reminder_agreed_at is not None:
        return Basis.APPOINTMENT
    theirs = Call.objects.filter(business=appointment.business_id, caller_number=number)
    return Basis.APPOINTMENT if appointment.call and theirs.filter(pk=appointment.call).exists() else None


def objection(business: Business, number: str) -> Why | None:
    """Returns why the person must not be called, whatever they agreed to."""
    if BlockedCaller.objects.filter(business=business, number=number).exists():
        return Why.BLOCKED
    return Why.OPTED_OUT if messenger.has_opted_out(business, number) else None
