"""Taking a webhook in: it is stored in one statement before it is answered, and read later."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from celery import current_app
from django.core.cache import cache
from django.db import connection
from kombu.exceptions import OperationalError
from redis import RedisError

from whatsapp.models import WebhookNews
from whatsapp.providers.events import Parcel, ParcelKind
from whatsapp.webhooks.origin import INSTALLATION

logger = logging.getLogger(__name__)

RING_AGAIN_S = 1
LONGEST_KEY = 200
_HALF = re.compile("[\ud800-\udfff]")
TASK = "whatsapp.tasks.apply_webhooks"

# All parcels are passed as one JSON value, which takes a third of the time of rows of parameters.
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


def store(provider: str, parcels: Sequence[Parcel], *, verified_by: str, now: datetime) -> None:
    """Store every parcel that is not stored yet. `verified_by`: whose secret signed them (`webhooks.origin`)."""
    shape = _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE
    rows = [
        {
            "kind": parcel.kind,
            "number_id": parcel.number_id[:64],
            "account_id": parcel.account_id[:64],
            "key": _key(parcel.key, verified_by),
            "payload": parcel.payload,
        }
        for parcel in parcels
    ]
    received_at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        statement = _INSERT.format(table=WebhookNews._meta.db_table, **shape)
        cursor.execute(statement, [provider, verified_by, received_at, _as_json(rows)])


def _key(key: str, verified_by: str) -> str:
    """Returns the key under which a parcel is stored once.

    Whoever signs with a secret of their own may repeat only what they said: a business that invents a message with
    another's id must not be the reason that the true one is taken for a repetition.
    """
    if verified_by == INSTALLATION:
        return key
    own = f"{verified_by}:{key}"
    return own if len(own) <= LONGEST_KEY else f"own:{hashlib.sha256(own.encode()).hexdigest()}"


def _as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns the rows as JSON that both databases accept: PostgreSQL takes neither zero bytes nor lone surrogates.

    Row by row, because the interpreter's lock is held for as long as one value takes.
    """
    return f"[{','.join(map(_row_as_json, rows))}]"


def _row_as_json(row: Mapping[str, Any]) -> str:
    text = json.dumps(row, ensure_ascii=False)
    return json.dumps(_clean(row), ensure_ascii=False) if "\\u0000" in text or _HALF.search(text) else text


def _clean(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "").encode("utf-8", "replace").decode()
        case Mapping():
            return {_clean(key): _clean(one) for key, one in value.items()}
        case list() | tuple():
            return [_clean(one) for one in value]
    return value


def ring(parcels: Sequence[Parcel]) -> None:
    """Ask a worker to apply them. Statuses come by the thousand, so they ring once a second; messages ring at once.

    In a thread: while the broker is away the call takes seconds, and the provider is waiting for its answer.
    """
    urgent = any(parcel.kind is not ParcelKind.STATUS for parcel in parcels)
    if urgent or _is_first_of_this_second():
        threading.Thread(target=_ring_now, name="doorbell", daemon=True).start()


def _is_first_of_this_second() -> bool:
    try:
        return cache.add("whatsapp:statuses-rung", 1, RING_AGAIN_S)
    except RedisError:  # away: the next sweep applies them, and the provider is told that they are stored
        return False


def _ring_now() -> None:
    try:
        current_app.send_task(TASK, retry=False, ignore_result=True)
    except (OperationalError, OSError):
        logger.warning("No broker to ring for webhooks: the next sweep applies them")
