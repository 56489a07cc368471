"""Sending again to people whom a broadcast failed to reach for a temporary reason."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from businesses.keeping.person import ERASED
from businesses.models import User
from whatsapp import doorbell, recipients
from whatsapp.broadcasts import course, lifecycle
from whatsapp.control.preflight import standing_problems
from whatsapp.errors import IllegalChange, NotSendable
from whatsapp.models import Attempt, AttemptOutcome, Broadcast, EventKind, Recipient
from whatsapp.reasons import NO_REASON, Cause, reason
from whatsapp.states import PASSING_ERRORS, BroadcastStatus, ErrorClass, RecipientStatus

MARKETING_REST = timedelta(hours=24)
"""Meta: a person limited for too much marketing (131049) may be tried again after a day; sooner is refused as well."""
RETRYABLE_IN = (BroadcastStatus.RUNNING, BroadcastStatus.PAUSED, BroadcastStatus.COMPLETED)


def retryable(broadcast: Broadcast) -> QuerySet[Recipient]:
    """Returns the people who were not reached and still can be: the error of each says nothing against the person.

    Errors that met so many that the broadcast paused are among them, and tries that a person ended (`giving_up`).
    """
    return Recipient.objects.filter(
        Q(error_class__in=PASSING_ERRORS) | Q(error_code__in=broadcast.burst_codes) | Q(cause=Cause.NO_FURTHER_TRY),
        broadcast=broadcast,
        status=RecipientStatus.FAILED,
        delivered_at=None,
        read_at=None,
    ).exclude(address__startswith=ERASED)


def retry(broadcast: Broadcast, *, now: datetime, actor: User | None = None, ids: Collection[int] | None = None) -> int:
    """Send again to the `retryable` (within `ids`, if given). Returns their number. A completed broadcast runs again.

    A second click finds nobody left. People who opted out meanwhile are skipped when their message is about to leave.

    Raises:
        IllegalChange: the broadcast has not been started, or was cancelled.
        NotSendable: its template or number can't send; nothing has changed.
    """
    with transaction.atomic():
        current = recipients.locked(broadcast)
        if current.status not in RETRYABLE_IN:
            raise IllegalChange(BroadcastStatus(current.status), BroadcastStatus.RUNNING)
        if problems := standing_problems(current):
            raise NotSendable(problems)
        unsent = course.sent_before(_chosen(broadcast, ids), broadcast)
        number = _open(current, now, ids)
        if number:
            _go_on(current, number, now, actor)
        course.count(unsent, now)
    broadcast.refresh_from_db()
    return number


def _chosen(broadcast: Broadcast, ids: Collection[int] | None) -> QuerySet[Recipient]:
    return retryable(broadcast) if ids is None else retryable(broadcast).filter(pk__in=ids)


def _open(broadcast: Broadcast, now: datetime, ids: Collection[int] | None) -> int:
    chosen = _chosen(broadcast, ids)
    # Their attempts have failed for good: a late report that one was under way must not stop the new one.
    Attempt.objects.filter(pk__in=chosen.values("attempt_id"), outcome=AttemptOutcome.ACCEPTED).update(
        outcome=AttemptOutcome.REJECTED
    )
    fresh: dict[str, Any] = {
        "attempt_id": None,
        "provider_message_id": None,
        "refusals": 0,
        "accepted_at": None,
        "sent_at": None,
        "error_code": "",
        "error_class": "",
        "error_text": "",
        **NO_REASON,
    }
    resting = Q(error_class=ErrorClass.DEFERRED, failed_at__gt=now - MARKETING_REST)
    rested_at = F("failed_at") + MARKETING_REST
    later = recipients.free(
        chosen.filter(resting), to=RecipientStatus.RETRY_WAIT, next_attempt_at=rested_at, failed_at=None, **fresh
    )
    return later + recipients.free(chosen, to=RecipientStatus.PENDING, failed_at=None, **fresh)


def _go_on(broadcast: Broadcast, number: int, now: datetime, actor: User | None) -> None:
    because = reason(Cause.PEOPLE_RETRIED, people=number)
    if broadcast.status == BroadcastStatus.COMPLETED:
        lifecycle.reopen(broadcast, now=now, actor=actor, because=because)
        return
    lifecycle.record(broadcast, EventKind.RETRIED, now=now, actor=actor, data={"people": number})
    doorbell.ring()
