"""Erasing a person: counted first, then asked for, then done in batches that are safe to kill.

What is counted stays countable: a broadcast's rows and calls lose everything that says who it was, other rows are
removed. What remains is a fingerprint that keeps the person from being messaged again (`fingerprints.py`).
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Func, IntegerField, Q, QuerySet, Subquery

from businesses import audit
from businesses.audit import AuditKind
from businesses.keeping import table
from businesses.keeping.person import Person
from businesses.models import Business, Erasure, User
from businesses.tenancy import across_businesses, acting_for

logger = logging.getLogger(__name__)

BATCH = 500
_NUMBER = Func(F("pk"), function="COUNT", output_field=IntegerField())  # Django's own `Count` would group
LEASE = timedelta(seconds=60)


class NobodyNamed(ValueError):
    """A person without an address and without a call: everything or nothing would be erased."""


def preview(person: Person) -> dict[str, int]:
    """Returns how many rows there are of each holding, by its code; zeros are left out."""
    queries = {
        f"{holding.code}_{number}": Subquery(rows.order_by().annotate(_number=_NUMBER).values("_number"))
        for holding in table.holdings()
        for number, rows in enumerate(holding.rows(person))
    }
    found: Any = Business.objects.filter(pk=person.business.pk).values(**queries).get()
    counted = Counter({holding.code: holding.count(person) for holding in table.holdings() if holding.count})
    for name, rows in found.items():
        counted[name.rpartition("_")[0]] += rows or 0  # None: a query that can find nothing is not asked
    return {holding.code: counted[holding.code] for holding in table.holdings() if counted[holding.code]}


def ask(person: Person, *, now: datetime, by: User | None = None) -> Erasure:
    """Store a request to erase the person, with an entry in the audit log that doesn't name them in full."""
    if not person.addresses and person.call is None:
        raise NobodyNamed
    with transaction.atomic():
        asked = Erasure.objects.create(
            business=person.business,
            addresses=sorted(person.addresses),
            call=person.call,
            hint=person.hint,
            asked_by=by,
            asked_at=now,
        )
        audit.record(
            person.business, AuditKind.PERSON_ERASED, person=by, number=person.hint, rows=sum(preview(person).values())
        )
    return asked


def waiting() -> list[tuple[Business, uuid.UUID]]:
    """Returns the requests of every business that are not done, the oldest first."""
    with across_businesses():  # the workers serve the whole installation; each request is then done for its business
        rows = unfinished().select_related("business").order_by("asked_at")[:100]
        return [(row.business, row.pk) for row in rows]


def unfinished() -> QuerySet[Erasure]:
    """Returns the requests that are not done. Expects the businesses to be set."""
    return Erasure.objects.filter(finished_at=None)


def work(
    business: Business, erasure_id: uuid.UUID, *, clock: Callable[[], datetime], keep_going: Callable[[], bool]
) -> bool:
    """Erase until it is done, has to wait, or `keep_going()` is false. Returns whether it is done."""
    with acting_for(business):
        token = uuid.uuid4()
        if not _claim(erasure_id, token, clock()):
            return Erasure.objects.filter(pk=erasure_id, finished_at__isnull=False).exists()
        asked = Erasure.objects.get(pk=erasure_id)
        person = Person(business, frozenset(asked.addresses), asked.call)
        try:
            return _work(asked, person, token, clock, keep_going)
        finally:
            _held(asked, token).update(lease_token=None, lease_until=None)


def _work(
    asked: Erasure, person: Person, token: uuid.UUID, clock: Callable[[], datetime], keep_going: Callable[[], bool]
) -> bool:
    for holding in table.holdings():
        if holding.begin is not None:
            with transaction.atomic():
                holding.begin(person, clock())
    for holding in table.holdings():
        if code := holding.waits_for(person, clock()):
            _held(asked, token).update(waits_for=code)
            return False
    for holding in table.holdings():
        while _erase_some(asked, holding, person, token, clock()):
            if not keep_going():
                return False
    done = {"finished_at": clock(), "addresses": [], "call": None, "waits_for": ""}
    if not _held(asked, token).update(**done):
        return False  # another worker has taken over: it looks at every holding once more
    logger.info("erasure %s of business %s is done", asked.pk, asked.business_id)
    return True


def _erase_some(asked: Erasure, holding: table.Holding, person: Person, token: uuid.UUID, now: datetime) -> int:
    """Erase one batch and count it, in one transaction. Nothing happens if another worker has the request."""
    with transaction.atomic():
        if not _held(asked, token).update(lease_until=now + LEASE, waits_for=""):
            return 0
        rows = holding.erase(person, BATCH)
        if rows:
            asked.removed[holding.code] = asked.removed.get(holding.code, 0) + rows
            _held(asked, token).update(removed=asked.removed)
    return rows


def _claim(erasure_id: uuid.UUID, token: uuid.UUID, now: datetime) -> bool:
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    rows = Erasure.objects.filter(free, pk=erasure_id, finished_at=None)
    return bool(rows.update(lease_token=token, lease_until=now + LEASE))


def _held(asked: Erasure, token: uuid.UUID) -> QuerySet[Erasure]:
    return Erasure.objects.filter(pk=asked.pk, lease_token=token)
