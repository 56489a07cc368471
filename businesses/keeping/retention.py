"""Keeping the days: a nightly sweep removes what is older than its business keeps it.

Each batch is short and a transaction of its own, chosen anew from the rows that are there: a sweep that is killed has
removed less, and the next one removes the rest. Opt-outs and the history of consents are never removed.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from businesses import audit
from businesses.audit import AuditKind
from businesses.keeping import kinds, table
from businesses.keeping.kinds import Kind
from businesses.models import Business, Retention
from businesses.tenancy import acting_for

logger = logging.getLogger(__name__)

BATCH = 500
"""Rows of a transaction: a few dozen milliseconds, so that calls and messages write in between."""


def sweep(*, now: datetime) -> Counter[Kind]:
    """Remove what is too old in every business. Returns the number of rows by kind."""
    removed: Counter[Kind] = Counter()
    for business in Business.objects.order_by("pk").iterator(chunk_size=200):
        try:
            with acting_for(business):
                removed += sweep_business(business, now=now)
        except Exception:  # one business's trouble must not keep the data of the others
            logger.exception("retention of business %s stopped, the next night goes on", business.pk)
    if removed:
        logger.info("retention removed %s", ", ".join(f"{kind}: {rows}" for kind, rows in sorted(removed.items())))
    return removed


def sweep_business(business: Business, *, now: datetime) -> Counter[Kind]:
    """Remove what is too old in one business. Expects the business to be set."""
    removed: Counter[Kind] = Counter()
    days = kinds.days_of(business)
    for kind, remove in table.removers():
        before = now - timedelta(days=days[kind])
        while rows := _batch(remove, business, before, now):
            removed[kind] += rows
    return removed


def _batch(remove: table.Remover, business: Business, before: datetime, now: datetime) -> int:
    with transaction.atomic():
        return remove(business, before=before, now=now, most=BATCH)


def choose(business: Business, days: Mapping[Kind, int]) -> bool:
    """Store the days that an owner has chosen, and write the change to the audit log. Returns whether it is one."""
    with transaction.atomic():
        retention = kinds.retention_of(business)
        before = {kind.value: kinds.chosen_days(business, retention, kind) for kind in days}
        after = {kind.value: number for kind, number in days.items()}
        changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
        if not changed:
            return False
        fields: dict[str, Any] = {f"{name}_days": after[name] for name in changed if name != Kind.RECORDINGS}
        if fields:
            Retention.objects.update_or_create(business=business, defaults=fields)
        if recordings := changed.pop(Kind.RECORDINGS.value, None):
            _note(business, "businesses.Business", {"recordings_kept_days": recordings})
            business.recordings_kept_days = after[Kind.RECORDINGS]
            business.save(update_fields=["recordings_kept_days"])
        _note(business, "businesses.Retention", {f"{name}_days": pair for name, pair in changed.items()})
    return True


def _note(business: Business, model: str, changes: dict[str, list[int]]) -> None:
    if changes:
        audit.record(business, AuditKind.RETENTION_CHANGED, of=model, changes=changes)
