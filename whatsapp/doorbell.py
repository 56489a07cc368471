"""Wake-ups for workers. The work itself is in the database, so a lost or repeated wake-up changes nothing."""

from __future__ import annotations

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

TASK = "whatsapp.tasks.drive"


def ring() -> None:
    """Ask a worker to look for messages to send, once this transaction is committed. Never fails the caller."""
    transaction.on_commit(lambda: _send(TASK, []))


def ring_for(task: str, arguments: list[str]) -> None:
    """Ask a worker to run the task of this name, once this transaction is committed. Never fails the caller."""
    transaction.on_commit(lambda: _send(task, arguments))


def _send(task: str, arguments: list[str]) -> None:
    try:
        current_app.send_task(task, args=arguments, retry=False, ignore_result=True)
    except (OperationalError, OSError):
        logger.warning("No broker to ring for %s: the next sweep will find the work", task)
