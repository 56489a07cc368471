"""When a broadcast starts, and when its messages may go out. No database, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

WALL_TIME_FORMAT = "%Y-%m-%dT%H:%M"
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
"""Beyond these years nobody means it, and near the ends of the calendar a time zone leads out of it."""


class BadSchedule(ValueError):
    """A time or zone that is not valid."""


@dataclass(frozen=True, slots=True)
class Window:
    """The hours in which messages may go out, by a local clock. With `opens` after `closes` it spans midnight."""

    opens: time
    closes: time


def instant_of(wall_time: str, zone: str) -> datetime:
    """Returns the moment at which clocks in a zone show this time, in UTC.

    A time that a clock change skips moves by as much (02:30 becomes 03:30); of a repeated time the first counts.
    """
    clock = zone_info(zone)
    try:
        local = datetime.strptime(wall_time, WALL_TIME_FORMAT).replace(tzinfo=clock, fold=0)
    except ValueError:
        raise BadSchedule(
            _("%(wall_time)s is not a time. Write it like 2026-11-30T09:00.") % {"wall_time": repr(wall_time)}
        ) from None
    if not EARLIEST_YEAR <= local.year <= LATEST_YEAR:
        raise BadSchedule(
            _("%(wall_time)s is too far away. Choose a day between %(first)s and %(last)s.")
            % {"wall_time": wall_time, "first": EARLIEST_YEAR, "last": LATEST_YEAR}
        )
    return local.astimezone(UTC)


def zone_info(zone: str) -> ZoneInfo:
    """The time zone of this name. Raises `BadSchedule`."""
    try:
        return ZoneInfo(zone)
    except (ValueError, OSError, KeyError):  # a path, a folder, an unknown name
        raise BadSchedule(
            _("There is no time zone %(zone)s. Write it like Asia/Jerusalem.") % {"zone": repr(zone)}
        ) from None


def opens_at(now: datetime, window: Window | None, zone: str) -> datetime | None:
    """Returns when messages may go out again, in UTC; None if they may now. `now` is aware."""
    if window is None or window.opens == window.closes:
        return None
    local = now.astimezone(zone_info(zone))
    if _contains(window, local.time()):
        return None
    day = local.date() if local.time() < window.opens else local.date() + timedelta(days=1)
    opening = datetime.combine(day, window.opens, tzinfo=zone_info(zone)).astimezone(UTC)
    return max(opening, now.astimezone(UTC) + timedelta(seconds=1))


def seconds_open(start: datetime, seconds: float, window: Window | None, zone: str) -> datetime:
    """Returns the moment after so many seconds inside the window, counted from `start`: the expected end of sending."""
    moment, left = start.astimezone(UTC), seconds
    if window is None or window.opens == window.closes:
        return moment + timedelta(seconds=left)
    for _day in range(400):  # a window is open at least a minute a day; nothing takes longer than a year
        moment = opens_at(moment, window, zone) or moment
        open_for = (_closes_after(moment, window, zone) - moment).total_seconds()
        if left <= open_for:
            return moment + timedelta(seconds=left)
        left -= open_for
        moment += timedelta(seconds=open_for)
    return moment


def _closes_after(now: datetime, window: Window, zone: str) -> datetime:
    local = now.astimezone(zone_info(zone))
    day = local.date() if local.time() < window.closes else local.date() + timedelta(days=1)
    closing = datetime.combine(day, window.closes, tzinfo=zone_info(zone)).astimezone(UTC)
    return max(closing, now + timedelta(seconds=1))


def _contains(window: Window, clock: time) -> bool:
    if window.opens < window.closes:
        return window.opens <= clock < window.closes
    return clock >= window.opens or clock < window.closes
