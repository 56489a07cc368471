"""Wake-ups for whoever sends. The database holds the work: a lost or doubled ring changes nothing."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

TASK = "whatsapp.tasks.drive"


def ring(broadcast_id: uuid.UUID | None = None, epoch: int | None = None) -> None:
    """Once this transaction is committed, ask a worker to look at what is to be sent. Never fails the caller."""
    transaction.on_commit(lambda: _ring_now(broadcast_id, epoch))


def ring_for(task: str, arguments: list[str]) -> None:
    """Once this transaction is committed, ask a worker for a task by its name. Never fails the caller."""
    transaction.on_commit(lambda: _send(task, arguments))


def _ring_now(broadcast_id: uuid.UUID | None, epoch: int | None) -> None:
    _send(TASK, [broadcast_id and str(broadcast_id), epoch])


def _send(task: str, arguments: list[Any]) -> None:
    try:
        current_app.send_task(task, args=arguments, retry=False, ignore_result=True)
    except (OperationalError, OSError):
        logger.warning("No broker to ring for %s: the next sweep finds it", task)
