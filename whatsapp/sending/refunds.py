"""Taking off the sums what was counted for messages that cost nothing after all.

A message is counted before it leaves (`sending.spending`). One that is refused, fails, is proved to be unsent or is not
delivered in time costs nothing; its row keeps its cost until this sweep takes it off. So a sum is never too small.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from businesses.models import Business
from businesses.tenancy import across_businesses
from whatsapp.models import Attempt, Broadcast, DirectMessage, Recipient
from whatsapp.models.recipients import COSTLESS
from whatsapp.sending import spending
from whatsapp.sending.spending import Correction

BATCH = 500
_FIELDS = ("pk", "business_id", "broadcast_id", "attempt_id", "cost_micros")


def refund_all(now: datetime) -> None:
    """Take off everything that is due, of every business."""
    with across_businesses():  # a row tells its business
        while _refund_recipients(recipients_due(), now):
            pass
        while _refund_letters(now):
            pass


def refund(broadcast: Broadcast, now: datetime) -> bool:
    """Take off what is due of a broadcast, some rows at a time. Returns whether there was something."""
    return _refund_recipients(recipients_due().filter(broadcast=broadcast), now) > 0


def recipients_due() -> models.QuerySet[Recipient]:
    """Returns the people of broadcasts whose cost is to be taken off. Expects the businesses to be set."""
    return Recipient.objects.filter(cost_micros__gt=0, status__in=COSTLESS)


def letters_due() -> models.QuerySet[DirectMessage]:
    """Returns the messages to one person whose cost is to be taken off. Expects the businesses to be set."""
    return DirectMessage.objects.filter(cost_micros__gt=0, status__in=COSTLESS)


def corrections_of(rows: Iterable[Mapping[str, Any]], now: datetime) -> Iterator[Correction]:
    """Returns what takes the whole cost of these rows off again, from the month in which each left.

    A row is given by its `pk`, `business_id`, `broadcast_id`, `attempt_id` and `cost_micros`.
    """
    rows = list(rows)
    left_at: dict[UUID, datetime] = dict(
        Attempt.objects.filter(pk__in=[row["attempt_id"] for row in rows]).values_list("pk", "started_at")
    )
    businesses = Business.objects.in_bulk({row["business_id"] for row in rows})
    for row in rows:
        business = businesses[row["business_id"]]
        month = spending.month_of(business, left_at.get(row["attempt_id"], now))
        yield Correction(business.pk, row["broadcast_id"], month, -row["cost_micros"])


def _refund_recipients(due: models.QuerySet[Recipient], now: datetime) -> int:
    with transaction.atomic():
        found = list(due.order_by("pk").select_for_update(skip_locked=True).values(*_FIELDS)[:BATCH])
        Recipient.objects.filter(pk__in=[row["pk"] for row in found]).update(cost_micros=0)
        spending.correct(corrections_of(found, now))
    return len(found)


def _refund_letters(now: datetime) -> int:
    with transaction.atomic():
        due = letters_due().order_by("pk")
        found = list(due.select_for_update(skip_locked=True).select_related("business")[:BATCH])
        DirectMessage.objects.filter(pk__in=[letter.pk for letter in found]).update(cost_micros=0)
        spending.correct(
            Correction(
                letter.business_id, None, spending.month_of(letter.business, letter.created_at), -letter.cost_micros
            )
            for letter in found
        )
    return len(found)
