"""Wake-ups for whoever sends. The database holds the work: a lost or doubled ring changes nothing."""

from __future__ import annotations

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

TASK = "whatsapp.tasks.drive"


def ring() -> None:
    """Once this transaction is committed, ask a worker to look at what is to be sent. Never fails the caller."""
    transaction.on_commit(lambda: _send(TASK, []))


def ring_for(task: str, arguments: list[str]) -> None:
    """Once this transaction is committed, ask a worker for a task by its name. Never fails the caller."""
    transaction.on_commit(lambda: _send(task, arguments))


def _send(task: str, arguments: list[str]) -> None:
    try:
        current_app.send_task(task, args=arguments, retry=False, ignore_result=True)
    except (OperationalError, OSError):
        logger.warning("No broker to ring for %s: the next sweep finds it", task)
