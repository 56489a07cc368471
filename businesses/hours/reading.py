"""Reads a business's opening hours. Everything here expects the business to be set (`acting_for`)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import DateField

from businesses.hours.calendar import Hours, Interval, Special, Standing, read_pairs
from businesses.models import Business
from businesses.models.hours import DayKind, SpecialDays, WeekHours
from businesses.prepared import Asked, Given, Prepared
from businesses.tenancy import acting_for

_week = Prepared(WeekHours.objects.all)
_special_days = Prepared(lambda: SpecialDays.objects.filter(removed_at=None, last_day__gte=Given("since", DateField())))
_LATELY: Final = timedelta(days=3)
"""Exceptions that were over by then say nothing of now, whatever the zone, nor of a call that began before."""
_RANKS = {DayKind.EXCEPTION.value: 0, DayKind.HOLIDAY.value: 1}


def hours_of(business: Business, *, since: date | None = None) -> Hours | None:
    """Returns the hours of a business; None if it has only its text. Two queries.

    `since`: leaves out exceptions and holidays that were over on that day.
    """
    with acting_for(business):
        row = _week.first()
        if row is None or not any(row.days()):
            return None
        rows = _special_days.rows(since=since or date.min)
    specials = tuple(
        Special(each.first_day, each.last_day, read_pairs(each.hours), each.name, _RANKS[each.kind]) for each in rows
    )
    return Hours(ZoneInfo(business.time_zone), tuple(map(read_pairs, row.days())), specials)


def current_hours(business: Business, now: datetime) -> Hours | None:
    """Returns the hours that say whether a business is open now and opens next; see `hours_of`."""
    return hours_of(business, since=_since(now))


def current_ahead(now: datetime) -> list[Asked]:
    """Returns what `current_hours` asks, and with it `standing` and `has_hours`; for `read_ahead`."""
    return [_week.asked(), _special_days.asked(since=_since(now))]


def has_hours(business: Business) -> bool:
    """Returns whether the business has written hours that can be reckoned with."""
    with acting_for(business):
        row = _week.first()
    return row is not None and any(row.days())


def standing(business: Business, now: datetime) -> Standing | None:
    """Returns whether a business is open, until when, and when it opens next; None if nobody knows."""
    hours = current_hours(business, now)
    return hours.standing(now) if hours else None


def _since(now: datetime) -> date:
    return now.date() - _LATELY


def intervals(business: Business, day: date) -> list[Interval]:
    """Returns the hours that begin on a day, sorted; empty if it is closed, or has no hours that can be reckoned with.

    For many days, read `hours_of(business)` once and ask `hours.intervals(day)`.
    """
    hours = hours_of(business)
    return hours.intervals(day) if hours else []
