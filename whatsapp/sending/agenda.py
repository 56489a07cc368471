"""What is to be done now: broadcasts to start, resume and end in time, and which of them to send.

The loop works for all businesses of the installation, so these queries look across businesses.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from businesses.tenancy import across_businesses
from whatsapp.broadcasts import lifecycle
from whatsapp.broadcasts.prepare import prepare_step
from whatsapp.errors import IllegalChange
from whatsapp.models import Broadcast, Recipient
from whatsapp.sending import refunds
from whatsapp.sending.waves import Dispatch
from whatsapp.states import BroadcastStatus, RecipientStatus

UNDER_WAY = (RecipientStatus.PENDING, RecipientStatus.CLAIMED, RecipientStatus.SENDING)
PATIENCE = timedelta(minutes=15)
"""A loop that ends when it is idle still waits for retries that fall due within this time."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """Running broadcasts by sender, and whether there is a reason for the loop to go on at all."""

    dispatches: dict[uuid.UUID, list[Dispatch]]
    has_work: bool


def read_agenda(now: datetime) -> Agenda:
    """Returns what is running now. Work that falls due much later (a retry tomorrow) does not count."""
    with across_businesses():  # one loop serves every business, each broadcast as its own business
        dispatches: defaultdict[uuid.UUID, list[Dispatch]] = defaultdict(list)
        has_work = Broadcast.objects.filter(_about_to_run(now)).exists()
        running = Broadcast.objects.filter(status=BroadcastStatus.RUNNING, business__is_active=True)
        for broadcast in running.select_related("business").order_by("started_at"):
            dispatches[broadcast.sender_id].append(Dispatch(broadcast.pk, broadcast.business))
            has_work = has_work or _goes_on_soon(broadcast, now)
        return Agenda(dict(dispatches), has_work)


def due_rows(now: datetime) -> QuerySet[Broadcast]:
    """Returns the broadcasts for which a loop is needed. Expects the businesses to be set."""
    rows = Recipient.objects.filter(broadcast=OuterRef("pk"))
    retries = rows.filter(status=RecipientStatus.RETRY_WAIT)
    under_way = Exists(rows.filter(status__in=UNDER_WAY))
    soon = Exists(retries.filter(next_attempt_at__lt=now + PATIENCE))
    later = Exists(retries.filter(next_attempt_at__gte=now + PATIENCE))
    goes_on_soon = Q(under_way) | Q(soon) | ~Q(later)
    running = Q(goes_on_soon, status=BroadcastStatus.RUNNING, business__is_active=True)
    return Broadcast.objects.filter(_about_to_run(now) | running)


def _about_to_run(now: datetime) -> Q:
    due = Q(status=BroadcastStatus.SCHEDULED, scheduled_at__lte=now) | Q(
        status=BroadcastStatus.PAUSED, resume_at__lte=now
    )
    return due | Q(status__in=(BroadcastStatus.PREPARING, BroadcastStatus.CANCELLING))


def _goes_on_soon(broadcast: Broadcast, now: datetime) -> bool:
    """Returns whether something can leave or land soon, or the broadcast is about to be completed."""
    rows = Recipient.objects.filter(broadcast=broadcast)
    if rows.filter(status__in=UNDER_WAY).exists():
        return True
    retries = rows.filter(status=RecipientStatus.RETRY_WAIT)
    first = retries.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
    return first is None or first < now + PATIENCE


def tend(now: datetime) -> None:
    """Start scheduled broadcasts, resume those whose pause is over, and end cancelled ones."""
    with across_businesses():  # see read_agenda
        live = Broadcast.objects.select_related("business")
        for broadcast in live.filter(status=BroadcastStatus.SCHEDULED, scheduled_at__lte=now):
            with suppress(IllegalChange):  # another process was quicker
                lifecycle.fire(broadcast, now=now)
        for broadcast in live.filter(status=BroadcastStatus.PAUSED, resume_at__lte=now):
            with suppress(IllegalChange):
                lifecycle.resume(broadcast, now=now)
        for broadcast in live.filter(status=BroadcastStatus.CANCELLING):
            lifecycle.finish_cancelling(broadcast, now=now)
    refunds.refund_all(now)


def prepare_some(now: datetime) -> bool:
    """Freeze a few batches of each broadcast that is being prepared. Returns whether more is left."""
    with across_businesses():  # see read_agenda
        waiting = list(Broadcast.objects.filter(status=BroadcastStatus.PREPARING).select_related("business"))
    finished = [prepare_step(broadcast, now=now, batches=2) for broadcast in waiting]
    return not all(finished)
