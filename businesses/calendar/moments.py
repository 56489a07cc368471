"""When a reminder is due: so many hours before, but not in the night. Pure.

A reminder that would come in the quiet hours, or so shortly before them that a small delay would push it there, comes
`MARGIN` before they begin, in the evening before: never later than was asked for. The moment only grows with the
start, so that `horizon` can say which starts are due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

MARGIN: Final = timedelta(minutes=30)
_MOST_LATE: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours of the wall clock in which nobody is written to; none if both ends are the same."""

    since: time
    until: time

    def has(self, moment: datetime, zone: tzinfo) -> bool:
        """Returns whether a moment is in these hours."""
        at = moment.astimezone(zone).time()
        if self.since <= self.until:
            return self.since <= at < self.until
        return at >= self.since or at < self.until

    def begin(self, moment: datetime, zone: tzinfo) -> datetime:
        """Returns when the quiet hours that hold this moment began."""
        return _last(self.since, moment, zone)

    def end(self, moment: datetime, zone: tzinfo) -> datetime:
        """Returns when the quiet hours that hold this moment are over."""
        local = moment.astimezone(zone)
        day = local.date() if local.time() < self.until else local.date() + timedelta(days=1)
        return datetime.combine(day, self.until, tzinfo=zone).astimezone(moment.tzinfo)


def moment_of(start: datetime, hours: int, quiet: Quiet, zone: tzinfo) -> datetime:
    """Returns when the person with an appointment at `start` is to be reminded."""
    plain = start - timedelta(hours=hours)
    held = next((each for each in (plain, plain + MARGIN) if quiet.has(each, zone)), None)
    return plain if held is None else min(plain, quiet.begin(held, zone) - MARGIN)


def moments(start: datetime, hours: Sequence[int], quiet: Quiet, zone: tzinfo) -> dict[int, datetime]:
    """Returns the moments by hours. Of several that the night has made the same, the shortest of these hours stays."""
    found = {moment_of(start, each, quiet, zone): each for each in sorted(hours, reverse=True)}
    return {each: moment for moment, each in found.items()}


def is_too_late(start: datetime, hours: int, now: datetime) -> bool:
    """Returns whether a reminder would come so late, after an outage, that it is better not sent."""
    lead = timedelta(hours=hours)
    return now >= start - lead + min(lead / 2, _MOST_LATE)


def horizon(now: datetime, hours: int, quiet: Quiet, zone: tzinfo) -> datetime:
    """Returns a start up to which reminders are due at `now`; the moments of later ones are to come."""
    held = next((each for each in (now, now + MARGIN) if quiet.has(each, zone)), None)
    return (now if held is None else quiet.end(held, zone)) + timedelta(hours=hours)


def _last(at: time, moment: datetime, zone: tzinfo) -> datetime:
    """Returns the last time, up to this moment, at which the clock showed `at`."""
    local = moment.astimezone(zone)
    day = local.date() if local.time() >= at else local.date() - timedelta(days=1)
    return datetime.combine(day, at, tzinfo=zone).astimezone(moment.tzinfo)
