"""Taking a webhook in: stored in one statement before it is answered, understood later."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from celery import current_app
from django.core.cache import cache
from kombu.exceptions import OperationalError

from whatsapp.models import WebhookNews
from whatsapp.providers.events import Parcel, ParcelKind

logger = logging.getLogger(__name__)

BATCH = 1_000
RING_AGAIN_S = 1
TASK = "whatsapp.tasks.apply_webhooks"


def store(provider: str, parcels: Sequence[Parcel], *, now: datetime) -> None:
    """Keep every parcel that is not there yet."""
    WebhookNews.objects.bulk_create(
        [
            WebhookNews(
                provider=provider,
                kind=parcel.kind.value,
                dedupe_key=parcel.key,
                number_id=parcel.number_id,
                account_id=parcel.account_id,
                payload=parcel.payload,
                event_at=parcel.at,
                received_at=now,
            )
            for parcel in parcels
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )


def ring(parcels: Sequence[Parcel]) -> None:
    """Have them applied. Statuses come by the thousand, so they ring once a second; a person's word rings at once."""
    urgent = any(parcel.kind is not ParcelKind.STATUS for parcel in parcels)
    if not urgent and not cache.add("whatsapp:statuses-rung", 1, RING_AGAIN_S):
        return
    try:
        current_app.send_task(TASK, retry=False, ignore_result=True)
    except (OperationalError, OSError):
        logger.warning("No broker to ring for webhooks: the next sweep applies them")
