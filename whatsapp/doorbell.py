"""Wake-ups for whoever sends. The database holds the work: a lost or doubled ring changes nothing."""

from __future__ import annotations

import logging
import uuid

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

TASK = "whatsapp.tasks.drive"


def ring(broadcast_id: uuid.UUID | None = None, epoch: int | None = None) -> None:
    """Once this transaction is committed, ask a worker to look at what is to be sent. Never fails the caller."""
    transaction.on_commit(lambda: _ring_now(broadcast_id, epoch))


def _ring_now(broadcast_id: uuid.UUID | None, epoch: int | None) -> None:
    try:
        current_app.send_task(TASK, args=[broadcast_id and str(broadcast_id), epoch], retry=False, ignore_result=True)
    except (OperationalError, OSError):
        logger.warning("No broker to ring for broadcast %s: the next sweep finds it", broadcast_id)
