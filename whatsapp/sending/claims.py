"""The two steps before a message leaves: claiming rows, and marking a wave as being sent.

A claimed row is provably unsent, and is released when its lease runs out. Only a row in `sending` can become
`unknown`. Each step is one conditional UPDATE; this process may continue only with the rows that it returns.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from whatsapp import recipients
from whatsapp.insert import insert_rows
from whatsapp.models import AddressKind, Attempt, Broadcast, Recipient
from whatsapp.reasons import Reason
from whatsapp.sending.bulk import update_rows
from whatsapp.sending.costs import micros, price_of
from whatsapp.states import RecipientStatus, SkipReason

CLAIM_LEASE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this process may send."""

    id: int
    address: str
    is_phone: bool
    country: str
    params: dict[str, str]
    attempt_no: int
    refusals: int
    cost_micros: int = 0
    """What is still counted for the last attempt, which cost nothing."""
    last_attempt: uuid.UUID | None = None


@dataclass(slots=True)
class Stock:
    """The claimed rows of one broadcast in one process, all under one lease."""

    lease_token: uuid.UUID = field(default_factory=uuid.uuid4)
    lease_until: datetime | None = None
    rows: list[Claimed] = field(default_factory=list)


_CLAIM = """
UPDATE {table} SET status = %s, lease_token = %s, lease_until = %s
WHERE business_id = %s AND id {picked} (
    SELECT id FROM {table}
    WHERE business_id = %s AND broadcast_id = %s AND status IN ('pending', 'retry_wait') AND next_attempt_at {due}
    ORDER BY next_attempt_at, id LIMIT %s {skip_locked}
{end} AND status IN ('pending', 'retry_wait')
RETURNING id, address, address_kind, country, params, attempt_no, refusals, cost_micros, attempt_id
"""


_IN_THE_ORDER_OF_THE_INDEX = "SET LOCAL enable_sort = off"
"""PostgreSQL, which does not know yet how many people of a new broadcast wait, expects few, and would read and sort
them all for each claim."""


def claim(broadcast: Broadcast, stock: Stock, *, most: int, now: datetime) -> int:
    """Claim up to `most` rows into an empty stock: those whose retry is due, then fresh ones.

    Returns the number of rows claimed.
    """
    stock.lease_token, stock.lease_until = uuid.uuid4(), now + CLAIM_LEASE
    for due in ("<= %s", "IS NULL"):
        if len(stock.rows) < most:
            stock.rows += _claim(broadcast, stock, due, now, most - len(stock.rows))
    stock.rows.sort(key=lambda row: row.id)
    return len(stock.rows)


def _claim(broadcast: Broadcast, stock: Stock, due: str, now: datetime, most: int) -> list[Claimed]:
    locks = connection.features.has_select_for_update_skip_locked
    statement = _CLAIM.format(
        table=Recipient._meta.db_table,
        due=due,
        # ARRAY: PostgreSQL runs the inner query exactly once; with a plain IN it may repeat it and claim more.
        picked="= ANY (ARRAY" if locks else "IN",
        skip_locked="FOR UPDATE SKIP LOCKED" if locks else "",
        end="))" if locks else ")",
    )
    moments = [_prepared("next_attempt_at", now)] if "%s" in due else []
    values = [
        RecipientStatus.CLAIMED.value,
        _prepared("lease_token", stock.lease_token),
        _prepared("lease_until", stock.lease_until),
        *[_prepared("business", broadcast.business_id)] * 2,
        _prepared("broadcast", broadcast.pk),
        *moments,
        most,
    ]
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        if locks:
            cursor.execute(_IN_THE_ORDER_OF_THE_INDEX)
        cursor.execute(statement, values)
        return [
            Claimed(
                row[0],
                row[1],
                row[2] == AddressKind.PHONE,
                row[3],
                _params(row[4]),
                row[5],
                row[6],
                row[7],
                _uuid(row[8]),
            )
            for row in cursor.fetchall()
        ]


def release(stock: Stock) -> None:
    """Release the unsent rows, because the broadcast was paused or this process ends."""
    ids = [row.id for row in stock.rows]
    stock.rows.clear()
    if ids:
        recipients.free(_mine(ids, stock), to=RecipientStatus.PENDING)


def postpone(rows: Sequence[Claimed], stock: Stock, until: datetime) -> None:
    """Release rows that must not leave before `until`."""
    if not rows:
        return
    mine = _mine([row.id for row in rows], stock)
    recipients.free(mine, to=RecipientStatus.RETRY_WAIT, next_attempt_at=until)


def skip(rows: Sequence[Claimed], stock: Stock, why: SkipReason, because: Reason | None = None) -> None:
    """Mark rows as skipped, because these people must not get the message."""
    if not rows:
        return
    mine = _mine([row.id for row in rows], stock)
    explained = because.kept() if because else {}
    recipients.free(mine, to=RecipientStatus.SKIPPED, skip_reason=why, **explained)


def _mine(ids: Sequence[int], stock: Stock) -> QuerySet[Recipient]:
    """Returns those of the rows that this process still holds."""
    return Recipient.objects.filter(pk__in=ids, status=RecipientStatus.CLAIMED, lease_token=stock.lease_token)


@dataclass(frozen=True, slots=True)
class Departure:
    """A row whose attempt is committed: from here on only the end of that attempt may change it."""

    row: Claimed
    attempt_id: uuid.UUID


def depart(
    broadcast: Broadcast, rows: Sequence[Claimed], stock: Stock, *, now: datetime, lease: timedelta
) -> list[Departure]:
    """Mark rows as being sent, with their price, and record their attempts.

    Rows lost to another process are left out of the result.
    """
    attempts = {row.id: uuid.uuid4() for row in rows}
    prices = {country: micros(price_of(broadcast, country, now)) for country in {row.country for row in rows}}
    moved = set(
        update_rows(
            Recipient,
            [
                {
                    "pk": row.id,
                    "status": RecipientStatus.SENDING,
                    "attempt_no": row.attempt_no + 1,
                    "attempt_id": attempts[row.id],
                    "lease_until": now + lease,
                    "next_attempt_at": None,
                    "cost_micros": prices[row.country],
                }
                for row in rows
            ],
            # The fence: still ours and not expired. A stalled process learns here that its rows were taken back.
            guard="t.status = 'claimed' AND t.lease_token = %s AND t.lease_until > %s",
            guard_values={"lease_token": stock.lease_token, "lease_until": now},
        )
    )
    leaving = [Departure(row, attempts[row.id]) for row in rows if row.id in moved]
    if leaving:
        numbered = [
            {"id": each.attempt_id, "recipient_id": each.row.id, "no": each.row.attempt_no + 1} for each in leaving
        ]
        insert_rows(Attempt, numbered, {"business_id": broadcast.business_id, "started_at": now})
    return leaving


def _uuid(value: Any) -> uuid.UUID | None:
    return uuid.UUID(str(value)) if value else None


def _prepared(name: str, value: Any) -> Any:
    field: Any = Recipient._meta.get_field(name)
    return field.get_db_prep_save(value, connection)


def _params(value: Any) -> dict[str, str]:
    params: dict[str, str] = json.loads(value) if isinstance(value, str) else value
    return params
