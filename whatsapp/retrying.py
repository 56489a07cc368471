"""Trying again, as a person asks for it, what failed for a reason that passes.

Only messages that WhatsApp refused in its answer: one that it took and reported as failed later may still arrive,
and nobody gets the same broadcast twice.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from businesses.models import User
from whatsapp import lifecycle
from whatsapp.errors import IllegalChange
from whatsapp.models import Broadcast, Recipient
from whatsapp.states import PASSING_ERRORS, BroadcastStatus, RecipientStatus

FROM = (BroadcastStatus.RUNNING, BroadcastStatus.PAUSED, BroadcastStatus.COMPLETED)


def retryable(broadcast: Broadcast) -> QuerySet[Recipient]:
    """The people who surely did not get the message, and may get it now."""
    return Recipient.objects.filter(
        broadcast=broadcast,
        status=RecipientStatus.FAILED,
        error_class__in=PASSING_ERRORS,
        accepted_at=None,
    )


def retry_failed(broadcast: Broadcast, *, now: datetime, actor: User | None = None) -> int:
    """Put them in the line again; how many they are. A completed broadcast runs again. Raises `IllegalChange`."""
    with transaction.atomic():
        locked = Broadcast.objects.select_for_update().get(pk=broadcast.pk)
        if locked.status not in FROM:
            raise IllegalChange(BroadcastStatus(locked.status), BroadcastStatus.RUNNING)
        people = retryable(broadcast).update(
            status=RecipientStatus.RETRY_WAIT, next_attempt_at=now, refusals=0, failed_at=None
        )
        if people and locked.status == BroadcastStatus.COMPLETED:
            lifecycle.reopen(broadcast, now=now, actor=actor, detail=f"{people} people are tried again")
        elif people:
            lifecycle.record(broadcast, "retried", now=now, detail=f"{people} people are tried again", actor=actor)
    return people
