"""Times of rows cut to a second or a day by the database, so that 100,000 rows are grouped by what it has stored.

Django's own functions (`TruncSecond`) call Python for each row on SQLite, which takes seconds.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.db.models import CharField
from django.db.models.functions import Cast, Substr

_SECOND, _DAY = len("2026-11-30 09:00:00"), len("2026-11-30")


def second(field: str) -> Substr:
    """Returns the expression for a time to the second, in UTC as text; `moment` reads it."""
    return Substr(Cast(field, CharField()), 1, _SECOND)


def day(field: str) -> Substr:
    """Returns the expression for the day of a time, in UTC as text; `date.fromisoformat` reads it."""
    return Substr(Cast(field, CharField()), 1, _DAY)


def moment(written: str) -> datetime:
    """Returns the time that `second` has cut."""
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def day_of(written: str | None) -> date | None:
    """Returns the day that `day` has cut; None of no time."""
    return date.fromisoformat(written) if written else None
