"""Taking a webhook in: it is stored in one statement before it is answered, and read later."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime

from celery import current_app
from django.core.cache import cache
from django.db import connection
from kombu.exceptions import OperationalError
from redis import RedisError

from whatsapp.models import WebhookNews
from whatsapp.providers.events import Parcel
from whatsapp.webhooks.large import Rows, rows_of
from whatsapp.webhooks.origin import INSTALLATION

logger = logging.getLogger(__name__)

RING_AGAIN_S = 1
_later = threading.Lock()
"""Held while this process is going to ring once more."""
TASK = "whatsapp.tasks.apply_webhooks"

_INSERT = """
INSERT INTO {table}
    (provider, verified_by, kind, number_id, account_id, dedupe_key, payload, received_at, tries, problem)
SELECT %s, %s, {columns}, %s, 0, '' FROM {source} WHERE true ON CONFLICT DO NOTHING
"""
_POSTGRESQL = {
    "columns": "kind, number_id, account_id, key, payload",
    "source": "jsonb_to_recordset(%s::jsonb) AS parcels"
    "(kind text, number_id text, account_id text, key text, payload jsonb)",
}
_SQLITE = {
    "columns": ", ".join(
        f"json_extract(value, '$.{name}')" for name in ("kind", "number_id", "account_id", "key", "payload")
    ),
    "source": "json_each(%s)",
}


def take_in(provider: str, parcels: Sequence[Parcel], *, verified_by: str, now: datetime) -> None:
    """Store every parcel that is not stored yet. `verified_by`: whose secret signed them (`webhooks.origin`)."""
    store(provider, rows_of(parcels, key_prefix(verified_by)), verified_by=verified_by, now=now)


def key_prefix(verified_by: str) -> str:
    """Returns what the keys of parcels begin with (`parcel_rows`)."""
    return "" if verified_by == INSTALLATION else verified_by


def store(provider: str, rows: Rows, *, verified_by: str, now: datetime) -> None:
    """Store every row that is not stored yet."""
    shape = _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE
    received_at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        statement = _INSERT.format(table=WebhookNews._meta.db_table, **shape)
        cursor.execute(statement, [provider, verified_by, received_at, rows.json])


def ring(rows: Rows) -> None:
    """Ask a worker to apply them. Statuses come by the thousand, so they ring once a second; messages ring at once.

    Those that come later in the second ring at its end: the worker may have found nothing more to do just before.

    In a thread: while the broker is away the call takes seconds, and the provider is waiting for its answer.
    """
    if rows.is_urgent or _is_first_of_this_second():
        threading.Thread(target=_ring_now, name="doorbell", daemon=True).start()
    elif _later.acquire(blocking=False):
        later = threading.Timer(RING_AGAIN_S, _ring_later)
        later.daemon = True
        later.start()


def _is_first_of_this_second() -> bool:
    try:
        return cache.add("whatsapp:statuses-rung", 1, RING_AGAIN_S)
    except RedisError:  # away: the next sweep applies them, and the provider is told that they are stored
        return False


def _ring_later() -> None:
    _later.release()
    _ring_now()


def _ring_now() -> None:
    try:
        current_app.send_task(TASK, retry=False, ignore_result=True)
    except (OperationalError, OSError):
        logger.warning("No broker to ring for webhooks: the next sweep applies them")
