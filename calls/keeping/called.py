"""Calls that were made to a person: what is counted, erased and exported of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from businesses.keeping.deleting import delete_some
from businesses.keeping.person import Person
from businesses.keeping.table import Holding, Record
from calls.keeping.callers import LINE_OPEN, of_person, waits_for_calls
from calls.models import OPEN_STATES, OutgoingCall, OutgoingState


def _outgoing(person: Person) -> QuerySet[OutgoingCall]:
    return OutgoingCall.objects.filter(of_person(person), business=person.business)


def _erase_outgoing(person: Person, most: int) -> int:
    return delete_some(_outgoing(person), most)


def _outgoing_records(person: Person) -> Iterator[Record]:
    fields = ("call_id", "number", "who", "about", "state", "why", "basis", "answered_by", "try_number")
    yield from (
        _outgoing(person).order_by("asked_at").values(*fields, "appointment_at", "asked_at", "dialled_at", "ended_at")
    )


def _waits_for_outgoing(person: Person, now: datetime) -> str:
    under_way = _outgoing(person).filter(state__in=OPEN_STATES).exclude(state=OutgoingState.WAITING)
    return LINE_OPEN if under_way.exists() else waits_for_calls(person, now)


HOLDINGS = (
    Holding(
        "outgoing_calls",
        _("Calls that the assistant made to them, or was to make"),
        rows=lambda person: (_outgoing(person),),
        erase=_erase_outgoing,
        records=_outgoing_records,
        waits_for=_waits_for_outgoing,
    ),
)
