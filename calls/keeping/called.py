"""Calls that were made to a person: what is counted, erased and exported of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from businesses.keeping.person import Person
from businesses.keeping.table import Holding, Record
from calls.keeping.callers import LINE_OPEN, calls_of, waits_for_calls
from calls.models import OPEN_STATES, OutgoingCall, OutgoingState


def _outgoing(person: Person) -> QuerySet[OutgoingCall]:
    theirs = Q(number__in=person.addresses) | Q(call__in=calls_of(person))
    return OutgoingCall.objects.filter(theirs, business=person.business)


def _erase_outgoing(person: Person, most: int) -> int:
    return OutgoingCall.objects.filter(pk__in=list(_outgoing(person).values_list("pk", flat=True)[:most])).delete()[0]


def _outgoing_records(person: Person) -> Iterator[Record]:
    fields = ("call_id", "number", "who", "about", "state", "why", "basis", "answered_by", "try_number", "asked_at")
    yield from _outgoing(person).order_by("asked_at").values(*fields, "dialled_at", "ended_at")


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
