"""Calls by hour of today and by day of the last weeks, for the small charts of the home page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum
from django.db.models.functions import ExtractHour, TruncDate

from businesses.models import Business
from calls.models import Call
from calls.records.call_figures import CALLS_IN, CallFigure

DAYS = 28


@dataclass(frozen=True, slots=True)
class Hour:
    """The calls that began in one hour of today."""

    hour: int
    answered: int
    missed: int


@dataclass(frozen=True, slots=True)
class Day:
    """The calls of one day. `cost`: US dollars, of the conversations with the model."""

    day: date
    answered: int = 0
    missed: int = 0
    minutes: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)

    def plus(self, answered: int, missed: int, minutes: Decimal, cost: Decimal) -> Day:
        """Returns the day with these calls, too."""
        return Day(self.day, self.answered + answered, self.missed + missed, self.minutes + minutes, self.cost + cost)


_COUNTS = {
    "answered": Count("pk", filter=CALLS_IN[CallFigure.ANSWERED]),
    "missed": Count("pk", filter=CALLS_IN[CallFigure.MISSED]),
}
_SUMS = {"minutes": Sum("minutes_charged", default=Decimal(0)), "cost": Sum("cost_counted", default=Decimal(0))}


def hours_and_days(business: Business, *, now: datetime) -> tuple[list[Hour], list[Day]]:
    """Returns all hours of today, and the last four weeks with today last, by the business's clock. One query."""
    zone = ZoneInfo(business.time_zone)
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - timedelta(days=DAYS - 1)
    calls = Call.objects.filter(business=business, started_at__gte=first).order_by()
    when = {"day": TruncDate("started_at", tzinfo=zone), "hour": ExtractHour("started_at", tzinfo=zone)}
    rows = calls.values(**when).annotate(**_COUNTS, **_SUMS)
    days = {day: Day(day) for day in (first.date() + timedelta(days=number) for number in range(DAYS))}
    hours = [Hour(hour, 0, 0) for hour in range(24)]
    for day, hour, *numbers in rows.values_list("day", "hour", *_COUNTS, *_SUMS):
        if (known := days.get(day)) is not None:
            days[day] = known.plus(*numbers)
        if day == midnight.date():
            hours[hour] = Hour(hour, *numbers[: len(_COUNTS)])
    return hours, list(days.values())
