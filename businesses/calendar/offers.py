"""Which times of a service are free. Expects the business to be set (`acting_for`)."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from businesses.calendar.availability import hours_by_calendar, loads, offering, opened, shape_of, taken
from businesses.calendar.slots import free_starts
from businesses.hours.calendar import Hours
from businesses.models import Business, Calendar, Service

_AT_A_TIME = timedelta(days=14)
"""Read together: most callers want a time of the next days."""
SHOWN = 3
"""Times that are offered instead of one that is taken."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that can be booked: when it starts (UTC), and in which calendar."""

    start: datetime
    calendar: Calendar


def free_slots(
    business: Business,
    service: Service,
    *,
    now: datetime,
    calendars: Sequence[Calendar] | None = None,
    first: datetime | None = None,
    until: datetime | None = None,
    most: int = SHOWN,
    but: UUID | None = None,
) -> list[Slot]:
    """Returns the first free times of a service in order, each once; of several calendars the emptiest one has it.

    `first`, `until`: only between these moments. `but`: an appointment that is to be moved is not in its own way.
    """
    chosen = offering(business, service) if calendars is None else calendars
    earliest, latest = bounds(service, now=now)
    earliest, latest = max(earliest, first or earliest), min(latest, until or latest)
    hours = hours_by_calendar(business, chosen)
    return list(islice(_found(business, service, chosen, hours, earliest, latest, but), most))


def bounds(service: Service, *, now: datetime) -> tuple[datetime, datetime]:
    """Returns the earliest and the latest start that callers may book."""
    return now + timedelta(hours=service.notice_hours), now + timedelta(days=service.ahead_days)


def _found(  # noqa: PLR0917
    business: Business,
    service: Service,
    calendars: Collection[Calendar],
    hours: dict[UUID, Hours | None],
    earliest: datetime,
    latest: datetime,
    but: UUID | None,
) -> Iterator[Slot]:
    shape = shape_of(service)
    around = shape.before + shape.length + shape.after
    begin, last_start = earliest, None
    while begin <= latest:
        end = min(begin + _AT_A_TIME, latest)
        spans = taken(business, calendars, begin - around, end + around, but=but)
        busyness = loads(spans)
        rivals = [
            _of_calendar(
                calendar,
                free_starts(
                    opened(hours[calendar.pk], begin, end + around),
                    spans[calendar.pk],
                    shape,
                    earliest=begin,
                    latest=end,
                ),
                busyness[calendar.pk],
            )
            for calendar in calendars
        ]
        for start, _busyness, calendar in heapq.merge(*rivals, key=lambda found: (found[0], found[1], found[2].name)):
            if start != last_start:
                yield Slot(start, calendar)
            last_start = start
        begin = end + timedelta(microseconds=1)


def _of_calendar(
    calendar: Calendar, starts: Iterator[datetime], busyness: timedelta
) -> Iterator[tuple[datetime, timedelta, Calendar]]:
    for start in starts:
        yield start, busyness, calendar


def is_offered(
    business: Business, service: Service, calendar: Calendar, start: datetime, *, hours: Hours | None, now: datetime
) -> bool:
    """Returns whether callers are offered this start in an empty calendar: hours, steps and notice allow it."""
    shape = shape_of(service)
    earliest, latest = bounds(service, now=now)
    openings = opened(hours, start, start + shape.length)
    found = free_starts(openings, (), shape, earliest=max(earliest, start), latest=min(latest, start))
    return next(found, None) == start.astimezone(UTC)
