"""When a recurring broadcast occurs. Pure: no database, no clock.

Each occurrence belongs to a local date and has one moment. A local time that a clock change skips moves to the next
minute that exists; of one that comes twice the first counts. A date that a zone skips as a whole has no occurrence.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
"""Beyond these dates nobody means it, and near the ends of the calendar a time zone leads out of it."""
MOST_TIMES = 1_000


class BadRepeat(ValueError):
    """What is stored is not a rule that this version understands."""


class Period(StrEnum):
    """In what there is one occurrence, or one for each chosen weekday."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A rule: at local time `at` in `zone`, from `first` to `last` (both included; None: without an end).

    `weekdays` (Monday is 0) belong to `WEEKLY`, `month_day` (1 to 31) to `MONTHLY`: in a shorter month its last day.
    `times` is how often the broadcast is made at most; dates on which it was not made don't count.
    """

    period: Period
    at: time
    zone: str
    first: date
    last: date | None = None
    times: int | None = None
    weekdays: tuple[int, ...] = ()
    month_day: int = 0

    def kept(self) -> dict[str, Any]:
        """Returns the rule as JSON."""
        return {
            "period": self.period.value,
            "at": self.at.strftime("%H:%M"),
            "zone": self.zone,
            "first": self.first.isoformat(),
            "last": self.last.isoformat() if self.last else None,
            "times": self.times,
            "weekdays": list(self.weekdays),
            "month_day": self.month_day,
        }


@dataclass(frozen=True, slots=True)
class Occasion:
    """An occurrence that is to come: its local date, and its moment (UTC)."""

    on: date
    at: datetime


def from_kept(kept: object) -> Repeat:
    """Returns the rule that `Repeat.kept` stored. Raises `BadRepeat`."""
    if not isinstance(kept, Mapping):
        raise BadRepeat
    try:
        found = Repeat(
            period=Period(kept["period"]),
            at=time.fromisoformat(kept["at"]),
            zone=ZoneInfo(kept["zone"]).key,
            first=date.fromisoformat(kept["first"]),
            last=date.fromisoformat(kept["last"]) if kept["last"] else None,
            times=kept["times"],
            weekdays=tuple(kept["weekdays"]),
            month_day=kept["month_day"],
        )
    except (ValueError, TypeError, KeyError, OSError):
        raise BadRepeat from None
    if found.kept() != dict(kept) or not is_sound(found):
        raise BadRepeat
    return found


def is_sound(repeat: Repeat) -> bool:
    """Returns whether the parts of a rule fit together."""
    days_fit = (
        all(type(day) is int and 0 <= day <= 6 for day in repeat.weekdays)
        and len(set(repeat.weekdays)) == len(repeat.weekdays)
        and bool(repeat.weekdays) == (repeat.period == Period.WEEKLY)
    )
    month_fits = type(repeat.month_day) is int and (
        1 <= repeat.month_day <= 31 if repeat.period == Period.MONTHLY else repeat.month_day == 0
    )
    times_fit = repeat.times is None or (type(repeat.times) is int and 1 <= repeat.times <= MOST_TIMES)
    span_fits = EARLIEST <= repeat.first <= (repeat.last or LATEST) <= LATEST
    return days_fit and month_fits and times_fit and span_fits


def upcoming(
    repeat: Repeat, *, most: int, from_moment: datetime | None = None, behind: date | None = None
) -> list[Occasion]:
    """Returns the next occasions, at most `most`: not before `from_moment`, and with dates behind `behind`."""
    start = repeat.first if behind is None else max(repeat.first, behind + timedelta(days=1))
    if from_moment is not None:  # a day of leeway: its local date may be a day earlier or later, and gaps move moments
        start = max(start, from_moment.date() - timedelta(days=2))
    found = (Occasion(on, moment_of(on, repeat.at, repeat.zone)) for on in dates(repeat, start))
    return list(islice((each for each in found if from_moment is None or each.at >= from_moment), most))


def dates(repeat: Repeat, start: date) -> Iterator[date]:
    """Yields the rule's dates from `start` on, in order; those that the zone skips are left out."""
    last = min(repeat.last or LATEST, LATEST)
    for on in _dates(repeat, max(start, repeat.first)):
        if on > last:
            return
        if _exists(on, repeat.zone):
            yield on


def moment_of(on: date, at: time, zone: str) -> datetime:
    """Returns the moment (UTC) at which clocks in a zone show this time, or the next that they show."""
    clock, local = ZoneInfo(zone), datetime.combine(on, at)
    found = local.replace(tzinfo=clock, fold=0).astimezone(UTC)
    if _shown(found, clock) == local:
        return found
    # In a gap `fold` 1 leads before the change of the clocks and `fold` 0 behind it (PEP 495): look for it in between.
    before, behind = local.replace(tzinfo=clock, fold=1).astimezone(UTC), found
    while behind - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(behind - before) // timedelta(seconds=2))
        before, behind = (before, middle) if _shown(middle, clock) > local else (middle, behind)
    return behind


def _dates(repeat: Repeat, start: date) -> Iterator[date]:
    match repeat.period:
        case Period.MONTHLY:
            for month in range(start.year * 12 + start.month - 1, LATEST.year * 12 + 12):
                year, place = divmod(month, 12)
                longest = calendar.monthrange(year, place + 1)[1]
                on = date(year, place + 1, min(repeat.month_day, longest))
                if on >= start:
                    yield on
        case Period.DAILY | Period.WEEKLY:
            for days in range((LATEST - start).days + 1):
                on = start + timedelta(days=days)
                if repeat.period == Period.DAILY or on.weekday() in repeat.weekdays:
                    yield on


def _exists(on: date, zone: str) -> bool:
    """Returns whether the zone has this date: some have left one out, when they crossed the date line."""
    return _shown(moment_of(on, time.min, zone), ZoneInfo(zone)).date() == on


def _shown(moment: datetime, clock: ZoneInfo) -> datetime:
    return moment.astimezone(clock).replace(tzinfo=None, fold=0)
