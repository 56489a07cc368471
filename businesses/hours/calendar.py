"""Opening hours as rules of wall clocks, and what they are in real time. Pure: no clock, no database.

Hours are written in wall clock times of the business's zone. An interval belongs to the day on which it starts; an end
that is not after its start is on the next day, so 22:00 to 02:00 crosses midnight and 00:00 to 00:00 is a whole day.
A day that is closed does not shorten the night that began the day before.

Where the clock is changed, every moment whose wall clock lies in an interval belongs to it: a time that is skipped
means the moment of the change, a start that comes twice its first, an end that comes twice its last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

Interval = tuple[datetime, datetime]
"""Start and end, both aware and in the business's zone."""
_WallInterval = tuple[time, time]

MOST_DAYS: Final = 400
"""How far ahead an opening is looked for."""
ROUND_THE_CLOCK: Final = timedelta(days=15)
"""Who is open for as long as this without a break is open until nobody knows when."""


@dataclass(frozen=True, slots=True)
class Special:
    """Days on which the week doesn't hold. Without hours they are closed. `rank`: of two, the lower one counts."""

    first_day: date
    last_day: date
    hours: tuple[_WallInterval, ...] = ()
    name: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of one business. `week`: seven days, Monday first."""

    zone: ZoneInfo
    week: tuple[tuple[_WallInterval, ...], ...]
    specials: tuple[Special, ...] = ()

    def special_of(self, day: date) -> Special | None:
        """Returns what holds on a day instead of the week: the lowest rank, then the shortest, then the latest."""
        found = [each for each in self.specials if each.first_day <= day <= each.last_day]
        return min(found, key=_precedence, default=None)

    def wall_intervals(self, day: date) -> tuple[_WallInterval, ...]:
        """Returns the hours of a day by the wall clock, sorted."""
        special = self.special_of(day)
        return tuple(sorted(self.week[day.weekday()] if special is None else special.hours))

    def intervals(self, day: date) -> list[Interval]:
        """Returns the hours that begin on a day, in real time, sorted and merged. Empty: closed."""
        found = []
        for starts, ends in self.wall_intervals(day):
            last_day = day if ends > starts else _after(day)
            start, end = _moment(day, starts, self.zone), _moment(last_day, ends, self.zone, last=True)
            if start.astimezone(UTC) < end.astimezone(UTC):
                found.append((start, end))
        return list(_merged(found))

    def standing(self, now: datetime) -> Standing:
        """Returns whether it is open at a moment (aware), until when, and when it opens next."""
        now = now.astimezone(UTC)  # times of one zone compare by their wall clocks, which is wrong when these change
        today = now.astimezone(self.zone).date()
        opened: Interval | None = None
        for start, end in _merged(self._from(today - timedelta(days=2))):
            if end <= now:
                continue
            if start <= now:
                if end - now >= ROUND_THE_CLOCK:
                    return Standing(is_open=True, until=None, next_opening=None)
                opened = (start, end)
                continue
            return Standing(is_open=opened is not None, until=opened and opened[1], next_opening=start)
        return Standing(is_open=opened is not None, until=opened and opened[1], next_opening=None)

    def _from(self, first_day: date) -> Iterator[Interval]:
        for ahead in range(MOST_DAYS):
            if (first_day.toordinal() + ahead) >= date.max.toordinal():
                return
            yield from self.intervals(first_day + timedelta(days=ahead))


@dataclass(frozen=True, slots=True)
class Standing:
    """What is told of a business at one moment. Times are in its zone.

    `until`: when it closes; None while it is closed, or open round the clock. `next_opening`: the first one after
    now; None if there is none within `MOST_DAYS`, or it never closes.
    """

    is_open: bool
    until: datetime | None
    next_opening: datetime | None


def _precedence(special: Special) -> tuple[int, timedelta, int]:
    return special.rank, special.last_day - special.first_day, -special.first_day.toordinal()


def _merged(intervals: Iterable[Interval]) -> Iterator[Interval]:
    """Yields intervals in their order, those that touch or overlap as one. Expects them sorted by their start.

    One that goes on for `ROUND_THE_CLOCK` after another day began is cut there, so that a week without a break ends.
    """
    current: Interval | None = None
    for start, end in intervals:
        if current is not None and start.astimezone(UTC) <= current[1].astimezone(UTC):
            current = (current[0], max(current[1], end, key=lambda each: each.astimezone(UTC)))
        else:
            if current is not None:
                yield current
            current = (start, end)
        if current[1].astimezone(UTC) - current[0].astimezone(UTC) > 2 * ROUND_THE_CLOCK:
            yield current
            current = None
    if current is not None:
        yield current


def _moment(day: date, at: time, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """Returns when the wall clock shows a time; `last`: of a time that comes twice, the second."""
    wall = datetime.combine(day, at.replace(fold=int(last)), zone)
    if _is_on_the_clock(wall):
        return wall
    # Skipped: with either fold the moment is beyond the change, on different sides of it.
    low, high = sorted(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    return high.replace(microsecond=0).astimezone(zone)


def _is_on_the_clock(wall: datetime) -> bool:
    return wall.astimezone(UTC).astimezone(wall.tzinfo).replace(tzinfo=None) == wall.replace(tzinfo=None)


def _after(day: date) -> date:
    return day + timedelta(days=1)


def read_pairs(pairs: Sequence[Sequence[str]]) -> tuple[_WallInterval, ...]:
    """Returns stored hours (`[["08:00", "13:00"]]`) as times."""
    return tuple((time.fromisoformat(starts), time.fromisoformat(ends)) for starts, ends in pairs)
