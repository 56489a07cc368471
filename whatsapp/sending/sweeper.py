"""Rows whose process has died, and messages that will never be reported on."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from businesses.tenancy import across_businesses
from whatsapp import recipients
from whatsapp.broadcasts import course
from whatsapp.models import Attempt, AttemptOutcome, Broadcast, Recipient
from whatsapp.states import UNSETTLED, BroadcastStatus, RecipientStatus

logger = logging.getLogger(__name__)

BATCH = 1_000
TIME_TO_LIVE = timedelta(days=30)
"""Meta: a message that could not be delivered for 30 days is dropped without a report."""


def sweep(now: datetime) -> int:
    """Take back rows with an expired lease: unsent ones become pending, others unknown. Returns their number."""
    with across_businesses():  # the dead process may have sent for any business
        return _free_claims(now) + _doubt_sendings(now)


def in_flight() -> QuerySet[Recipient]:
    """Returns the people for whose messages a process answers, alive or dead. Expects the businesses to be set."""
    return Recipient.objects.filter(status__in=(RecipientStatus.CLAIMED, RecipientStatus.SENDING))


def _free_claims(now: datetime) -> int:
    expired = Recipient.objects.filter(status=RecipientStatus.CLAIMED, lease_until__lt=now)
    return recipients.free(expired, to=RecipientStatus.PENDING)


def _doubt_sendings(now: datetime) -> int:
    with transaction.atomic():
        expired = Recipient.objects.filter(status=RecipientStatus.SENDING, lease_until__lt=now)
        found = dict(expired.select_for_update(skip_locked=True).values_list("pk", "attempt_id")[:BATCH])
        recipients.free(
            Recipient.objects.filter(pk__in=found),
            to=RecipientStatus.UNKNOWN,
            error_class="unknown",
        )
        Attempt.objects.filter(
            pk__in=[attempt for attempt in found.values() if attempt], outcome=AttemptOutcome.IN_FLIGHT
        ).update(outcome=AttemptOutcome.UNKNOWN, finished_at=now)
    if found:
        logger.warning("%d messages were under way when their process ended: their outcome is unknown", len(found))
    return len(found)


def settle(now: datetime) -> None:
    """Expire messages that were not delivered in time, and mark broadcasts whose deliveries are all known."""
    with across_businesses():  # see sweep
        _expire(now)
        _known_by_now().update(settled_at=now)


def _expire(now: datetime) -> None:
    with transaction.atomic():
        old = list(_old(now).values_list("pk", flat=True))
        overdue = Recipient.objects.filter(broadcast__in=old, accepted_at__lt=now - TIME_TO_LIVE)
        if old and recipients.free(overdue, to=RecipientStatus.EXPIRED):
            course.forget_tallies(old)


def to_settle(now: datetime) -> QuerySet[Broadcast]:
    """Returns the broadcasts that `settle` may change. Expects the businesses to be set."""
    return _old(now) | _known_by_now()


def _old(now: datetime) -> QuerySet[Broadcast]:
    return _settling().filter(started_at__lt=now - TIME_TO_LIVE)  # nothing was accepted before its broadcast started


def _known_by_now() -> QuerySet[Broadcast]:
    return _settling().exclude(Exists(Recipient.objects.filter(broadcast=OuterRef("pk"), status__in=UNSETTLED)))


def _settling() -> QuerySet[Broadcast]:
    return Broadcast.objects.filter(status__in=(BroadcastStatus.COMPLETED, BroadcastStatus.CANCELLED), settled_at=None)
