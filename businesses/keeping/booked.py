"""A person's appointments: what is counted, erased and exported of who booked, and how long it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from businesses.keeping.admin_log import forget_admin_log
from businesses.keeping.deleting import delete_some
from businesses.keeping.person import Person
from businesses.keeping.table import Holding, Record
from businesses.models import Appointment, Business


def _appointments(person: Person) -> QuerySet[Appointment]:
    wanted = Q(number__in=person.phones)
    if person.call is not None:
        wanted |= Q(call=person.call)
    return Appointment.objects.filter(wanted, business=person.business)


def _erase(person: Person, most: int) -> int:
    keys = list(_appointments(person).values_list("pk", flat=True)[:most])
    rows = Appointment.objects.filter(pk__in=keys)
    forget_admin_log(rows)
    return rows.delete()[0]


def _records(person: Person) -> Iterator[Record]:
    fields = (
        *("starts_at", "ends_at", "service__name", "calendar__name", "name", "number", "note", "status"),
        *("made_at", "moved_at", "reminder_agreed_at"),
    )
    yield from _appointments(person).values(*fields)


def remove_old(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove appointments that ended long ago, with who booked them."""
    old = Appointment.objects.filter(business=business, ends_at__lt=before).order_by("ends_at")
    return delete_some(old, most)


HOLDINGS = (
    Holding(
        "appointments",
        _("Appointments, those to come included"),
        rows=lambda person: (_appointments(person),),
        erase=_erase,
        records=_records,
    ),
)
