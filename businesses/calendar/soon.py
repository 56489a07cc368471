"""What is booked next, for the home page. Expects the business to be set (`acting_for`).

It is remembered for a minute, since the home page is opened all the time; whoever books has it forgotten at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from businesses.models import Appointment, AppointmentStatus, Business
from businesses.remembered import forget_remembered, remembered

SHOWN = 5
KEPT_S = 60
LONGEST = timedelta(days=1)
"""A service takes twelve hours at the most."""


@dataclass(frozen=True, slots=True)
class Booked:
    """An appointment in a list. `who`: the name, else the number, else nothing."""

    pk: UUID
    starts_at: datetime
    ends_at: datetime
    who: str
    service: str
    calendar: str


def booked_next(business: Business, *, now: datetime) -> Sequence[Booked]:
    """Returns the next appointments that are not over, the nearest first."""
    known = remembered(_key(business), KEPT_S, lambda: _read(business, now))
    return [each for each in known if each.ends_at > now][:SHOWN]


def forget_booked(business: Business) -> None:
    """Have the list read anew once the transaction has been committed."""
    transaction.on_commit(lambda: forget_remembered(_key(business)))


def _read(business: Business, now: datetime) -> list[Booked]:
    begun = now - LONGEST  # without it all that are over would be read, the oldest first
    booked = Appointment.objects.filter(business=business, status=AppointmentStatus.BOOKED)
    rows = booked.filter(starts_at__gt=begun, ends_at__gt=now)
    rows = rows.select_related("service", "calendar").order_by("starts_at", "pk")
    return [
        Booked(row.pk, row.starts_at, row.ends_at, row.name or row.number, row.service.name, row.calendar.name)
        for row in rows[: SHOWN * 2]  # some will be over before they are forgotten
    ]


def _key(business: Business) -> str:
    return f"booked-next-{business.pk.hex}"
