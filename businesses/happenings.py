"""Telling a business's own systems what happens: `happened` writes what is to be sent, `businesses/hooks/` sends it.

Call it inside the transaction that makes it true: the message then exists exactly when the happening does, whatever is
killed. It costs one query where no address wants to know. It expects the business to be set (`acting_for`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from businesses.hidden import is_hidden
from businesses.models import Business, DeliveryState, Happening, WebhookDelivery, WebhookEndpoint
from businesses.prepared import Prepared
from businesses.tenancy import acting_for

__all__ = ["Happening", "all_happened", "happened", "taken_back"]

JSON = Any
"""What JSON can say: texts, numbers, booleans, None, lists and objects of these. Times are ISO 8601 texts."""


def happened(
    business: Business,
    kind: Happening,
    data: Mapping[str, JSON],
    *,
    now: datetime,
    key: str = "",
    wait: timedelta = timedelta(0),
) -> None:
    """Have every address that wants this kind told. `data` is sent as it is, so it holds nothing for our eyes only.

    With a `key`, which says what it is about, it is told once: told again before it was sent, it takes the place of
    what was to be sent. It is sent after `wait`.
    """
    endpoints = _listening(business, kind)
    if not endpoints:
        return
    body = body_of(business, kind.value, data, at=now)
    rows = [_row(endpoint, kind, body, now=now, key=key, wait=wait) for endpoint in endpoints]
    if not key:
        WebhookDelivery.objects.bulk_create(rows)
        return
    _unsent(business, kind, key).update(body=body, happened_at=now, due_at=now + wait)
    WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True)


def all_happened(business: Business, kind: Happening, each: Sequence[tuple[datetime, Mapping[str, JSON]]]) -> None:
    """Have it told of many at once, such as the rows of a file: of each its time and data, in few queries."""
    endpoints = _listening(business, kind) if each else []
    WebhookDelivery.objects.bulk_create(
        [
            _row(endpoint, kind, body_of(business, kind.value, data, at=at), now=at)
            for endpoint in endpoints
            for at, data in each
        ],
        batch_size=500,
    )


def taken_back(business: Business, kind: Happening, key: str) -> None:
    """What was told under this key is not true any more: drop what has not been sent."""
    _unsent(business, kind, key).delete()


def body_of(business: Business, kind: str, data: Mapping[str, JSON], *, at: datetime) -> str:
    """Returns the body of a message, as JSON. The form is that of standardwebhooks.com: `type`, `timestamp`, `data`."""
    whole = {"type": kind, "timestamp": at.astimezone(UTC).isoformat(), "business": business.slug, "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def _unsent(business: Business, kind: Happening, key: str) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(
        business=business, kind=kind, key=key, state=DeliveryState.WAITING, attempts=0
    )


def _listening(business: Business, kind: Happening) -> list[WebhookEndpoint]:
    """Returns the addresses that want to know of this kind."""
    if is_hidden(business.pk):
        return []
    with acting_for(business):
        return [endpoint for endpoint in _switched_on.rows() if kind.value in endpoint.kinds]


_switched_on = Prepared(lambda: WebhookEndpoint.objects.filter(is_on=True).only("id", "business_id", "kinds"))


def _row(
    endpoint: WebhookEndpoint,
    kind: Happening,
    body: str,
    *,
    now: datetime,
    key: str = "",
    wait: timedelta = timedelta(0),
) -> WebhookDelivery:
    return WebhookDelivery(
        business_id=endpoint.business_id,
        endpoint=endpoint,
        kind=kind,
        key=key,
        body=body,
        happened_at=now,
        due_at=now + wait,
    )
