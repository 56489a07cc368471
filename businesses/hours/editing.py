"""Changing opening hours. Each change is in the audit log. Everything here expects the business to be set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from businesses.audit import AuditKind, record
from businesses.hours import written
from businesses.models import Business, DayKind, SpecialDays, WeekHours

MOST_SPECIALS: Final = 200
"""Exceptions and holidays that a business may have ahead."""
UNDO_FOR: Final = timedelta(hours=1)
Pairs = Sequence[Sequence[str]]


def change_week(business: Business, days: Mapping[str, Pairs]) -> None:
    """Store the usual week; `days` by the columns of `WeekHours`. All empty: the business has its text alone."""
    with transaction.atomic():
        Business.objects.select_for_update(no_key=True).filter(pk=business.pk).values("pk").first()
        row = WeekHours.objects.filter(business=business).first() or WeekHours(business=business)
        changes = {
            day: [written.write(getattr(row, day)), written.write(pairs)]
            for day, pairs in days.items()
            if getattr(row, day) != pairs
        }
        if changes:
            for day, pairs in days.items():
                setattr(row, day, pairs)
            row.save()
            record(business, AuditKind.HOURS_CHANGED, of="businesses.WeekHours", changes=changes)


def add(
    business: Business, *, kind: DayKind, first_day: date, last_day: date, hours: Pairs = (), name: str = ""
) -> SpecialDays:
    """Add days with other hours. Expects that `in_the_way` found none."""
    with transaction.atomic():
        row = SpecialDays.objects.create(
            business=business, kind=kind, first_day=first_day, last_day=last_day, hours=list(hours), name=name
        )
        _record(row, "made")
    return row


def in_the_way(business: Business, *, kind: str, first_day: date, last_day: date) -> SpecialDays | None:
    """Returns an exception or holiday of the same kind that has one of these days already."""
    rows = SpecialDays.objects.filter(business=business, kind=kind, removed_at=None)
    return rows.filter(first_day__lte=last_day, last_day__gte=first_day).first()


def remove(row: SpecialDays, *, now: datetime) -> bool:
    """Remove days; for `UNDO_FOR` it can be undone. Returns whether they were there."""
    with transaction.atomic():
        SpecialDays.objects.filter(business=row.business, removed_at__lt=now - UNDO_FOR).delete()
        removed = bool(SpecialDays.objects.filter(pk=row.pk, removed_at=None).update(removed_at=now))
        if removed:
            _record(row, "removed")
    return removed


def restore(row: SpecialDays) -> bool:
    """Undo a removal. Returns False if other days of its kind stand there by now, or it is there already."""
    with transaction.atomic():
        Business.objects.select_for_update(no_key=True).filter(pk=row.business_id).values("pk").first()
        if in_the_way(row.business, kind=row.kind, first_day=row.first_day, last_day=row.last_day):
            return False
        restored = bool(SpecialDays.objects.filter(pk=row.pk).exclude(removed_at=None).update(removed_at=None))
        if restored:
            _record(row, "restored")
    return restored


def _record(row: SpecialDays, step: str) -> None:
    days = sorted({row.first_day.isoformat(), row.last_day.isoformat()})
    what = [*days, written.write(row.hours)]
    record(row.business, AuditKind.HOURS_CHANGED, step=step, name=row.name, what=what)
