"""Ending a broadcast now, when only those are left who wait for another try."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from businesses import audit
from businesses.models import User
from whatsapp import doorbell, recipients
from whatsapp.broadcasts import lifecycle
from whatsapp.errors import IllegalChange
from whatsapp.models import Broadcast, EventKind, Recipient
from whatsapp.reasons import Cause, reason
from whatsapp.states import BroadcastStatus, RecipientStatus

POSSIBLE_IN = (BroadcastStatus.RUNNING, BroadcastStatus.PAUSED)


def give_up(broadcast: Broadcast, *, now: datetime, actor: User | None = None) -> int:
    """Count those who wait for another try as failed. Returns their number; a second click finds nobody left.

    A running broadcast that has nobody else to send to ends. `retrying.retry` takes them up again.

    Raises:
        IllegalChange: nobody of this broadcast can be waiting.
    """
    with transaction.atomic():
        current = recipients.locked(broadcast)
        if current.status not in POSSIBLE_IN:
            raise IllegalChange(BroadcastStatus(current.status), BroadcastStatus.COMPLETED)
        waiting = Recipient.objects.filter(broadcast=current, status=RecipientStatus.RETRY_WAIT)
        why = reason(Cause.NO_FURTHER_TRY)
        number = recipients.free(waiting, to=RecipientStatus.FAILED, failed_at=now, **why.kept())
        if number:
            lifecycle.record(current, EventKind.GIVEN_UP, now=now, data={"people": number}, actor=actor)
            if actor is not None or audit.is_machine():
                lifecycle.note_person(current, EventKind.GIVEN_UP, actor)
            doorbell.ring()
    lifecycle.complete_if_done(broadcast, now=now)
    return number
