"""What became of messages to a business's own systems: kept for a month, and removed with the person they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from businesses.keeping.deleting import delete_some
from businesses.keeping.person import Person
from businesses.keeping.table import Holding, Record
from businesses.models import Business, WebhookDelivery

KEPT: Final = timedelta(days=30)


def naming(person: Person) -> QuerySet[WebhookDelivery]:
    """Returns the messages that hold an address of the person, or their call."""
    words = [*person.addresses, *([str(person.call)] if person.call else [])]
    named = Q(pk__in=[])
    for word in words:
        named |= Q(body__contains=word)
    return WebhookDelivery.objects.filter(named, business=person.business)


def remove_old(business: Business, *, now: datetime, most: int, **_before: object) -> int:
    """Remove messages that are older than a month."""
    old = WebhookDelivery.objects.filter(business=business, happened_at__lt=now - KEPT).order_by("happened_at")
    return delete_some(old, most)


def _erase(person: Person, most: int) -> int:
    keys = list(naming(person).values_list("pk", flat=True)[:most])
    return WebhookDelivery.objects.filter(pk__in=keys).delete()[0]


def _records(person: Person) -> Iterator[Record]:
    for delivery in naming(person).select_related("endpoint"):
        yield {"at": delivery.happened_at, "to": delivery.endpoint.url, "message": delivery.body}


def _rows(person: Person) -> Sequence[QuerySet[Any]]:
    return (naming(person),)


HOLDING = Holding(
    "told", _("Messages about the person to your own systems"), rows=_rows, erase=_erase, records=_records
)
