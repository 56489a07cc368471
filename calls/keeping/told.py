"""What members were told of calls by WhatsApp: those messages say what callers said, and go when that goes."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from businesses import messenger
from businesses.keeping.person import Person
from businesses.keeping.table import Holding
from businesses.models import Business
from calls.keeping.callers import calls_of
from calls.models import WhatsappNews


def _told(person: Person) -> QuerySet[WhatsappNews]:
    """Returns messages about the person's calls; those about whole days name nobody."""
    return WhatsappNews.objects.filter(business=person.business, call__in=calls_of(person))


def _forget(business: Business, rows: QuerySet[WhatsappNews], most: int) -> int:
    keys = list(rows.values_list("pk", flat=True)[:most])
    messenger.forget(business, keys)
    return WhatsappNews.objects.filter(business=business, pk__in=keys).delete()[0]


def _erase(person: Person, most: int) -> int:
    return _forget(person.business, _told(person), most)


def remove(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove old messages to members about calls, with what they said."""
    return _forget(business, WhatsappNews.objects.filter(business=business, at__lt=before).order_by("at"), most)


HOLDING = Holding(
    "told",
    _("WhatsApp messages to members about their calls"),
    rows=lambda person: (_told(person),),
    erase=_erase,
    records=lambda person: _told(person).order_by("at").values("call_id", "result", "at"),
)
