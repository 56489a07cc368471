"""Reads an ICS file of a stranger: when is its owner busy? Run as a program, in a process of its own.

Such files can say "every second, for ever", exclude each time again, or hold rules that no date fits: the libraries
then count for hours. So nothing here is called by a worker itself; `apart.py` runs this module as a process that has
a time and a memory, and it writes JSON. It imports neither Django nor what does.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

from businesses.ics.busy import Busy

MOST_EVENTS = 20_000
"""Occurrences within the time that is asked for: fifty a day for more than a year."""
_OUTLOOKS_ZONE = re.compile(r";TZID=(tzone://[^:;\"\r\n]+)")
"""Outlook writes `tzone://Microsoft/Custom` without the quotes that a colon needs."""
_FREE = {"FREE", "WORKINGELSEWHERE"}
_BROKEN = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
"""Whatever a broken file leads the libraries to."""


class NotACalendar(ValueError):
    """The file is no calendar: a web page, or cut off."""


class TooMany(ValueError):
    """There are more than `MOST_EVENTS` in the time."""


def busy_times(file: bytes, *, zone: tzinfo, first: datetime, until: datetime) -> list[Busy]:
    """Returns when the owner is busy between two moments, repeated events one by one. Raises the errors above.

    All-day events and times without a zone are those of the file's own zone (`X-WR-TIMEZONE`), or else of `zone`.
    """
    text = file.decode("utf-8-sig", "replace").replace("tzone://Microsoft/Utc", "UTC")
    text = _OUTLOOKS_ZONE.sub(r';TZID="\1"', text)
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except _BROKEN as error:
        raise NotACalendar from error
    calendars = [each for each in calendars if each.name == "VCALENDAR"]
    if not calendars:
        raise NotACalendar
    found: list[Busy] = []
    for calendar in calendars:
        for busy in _of_calendar(calendar, zone, first, until):
            if len(found) >= MOST_EVENTS:
                raise TooMany
            found.append(busy)
    return found


def _of_calendar(calendar: Any, zone: tzinfo, first: datetime, until: datetime) -> Iterator[Busy]:
    named = str(calendar.get("X-WR-TIMEZONE", ""))
    own_zone = _zone_named(named) or zone
    owner = str(calendar.get("X-WR-CALNAME", "")).strip().lower()
    for series in _series(calendar):
        for start, end, event in _occurrences(series, named, own_zone, first, until):
            if not _is_free(event, owner) and start < end and start < until and end > first:
                yield Busy(max(start, first), min(end, until), str(event.get("UID", "")))


def _series(calendar: Any) -> Iterator[list[Any]]:
    """Yields the events that have a beginning, those of one name together: an event, and what was changed in it."""
    found: dict[str, list[Any]] = {}
    for number, event in enumerate(calendar.walk("VEVENT")):
        if _begins(event):
            found.setdefault(str(event.get("UID", "")) or f"{number}", []).append(event)
    yield from found.values()


def _begins(event: Any) -> bool:
    try:
        return isinstance(event["DTSTART"].dt, date)
    except _BROKEN:
        return False


def _occurrences(
    series: list[Any], named: str, zone: tzinfo, first: datetime, until: datetime
) -> list[tuple[datetime, datetime, Any]]:
    """Returns what of one series may be in the time; nothing of one that can't be understood, so the others count."""
    calendar = Calendar()
    if named:
        calendar.add("X-WR-TIMEZONE", named)
    for event in series:
        calendar.add_component(event)
    try:
        events = []
        for event in recurring_ical_events.of(calendar).between(first.astimezone(zone), until.astimezone(zone)):
            events.append((_moment(event["DTSTART"], zone), _moment(event["DTEND"], zone), event))
            if len(events) > MOST_EVENTS:
                raise TooMany
    except TooMany:
        raise
    except _BROKEN:
        return []
    return events


def _is_free(event: Any, owner: str) -> bool:
    """Returns whether an event takes no time: cancelled, marked as free, or declined by the calendar's owner."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED" or str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return True
    if str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() in _FREE:
        return True
    asked = event.get("ATTENDEE", [])
    for person in asked if isinstance(asked, list) else [asked]:
        address = str(person).lower().removeprefix("mailto:")
        answer = str(getattr(person, "params", {}).get("PARTSTAT", "")).upper()
        if address == owner and answer == "DECLINED":  # Google names a person's calendar by the address
            return True
    return False


def _moment(value: Any, zone: tzinfo) -> datetime:
    """Returns a time of the file in UTC. Zones by their names, Outlook's too, are known to the library."""
    moment = value.dt
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _zone_named(name: str) -> tzinfo | None:
    """Returns a zone by its name; None for one that nobody knows."""
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        return None


def main(arguments: list[str]) -> None:
    """Read a file from the standard input, write what was found. Arguments: zone, first and last moment, memory."""
    zone, first, until, memory_bytes = arguments
    _limit(int(memory_bytes))
    answer: dict[str, Any]
    try:
        found = busy_times(
            sys.stdin.buffer.read(),
            zone=ZoneInfo(zone),
            first=datetime.fromisoformat(first),
            until=datetime.fromisoformat(until),
        )
        answer = {"busy": [[busy.start.isoformat(), busy.end.isoformat(), busy.uid] for busy in found]}
    except NotACalendar:
        answer = {"problem": "not_a_calendar"}
    except TooMany:
        answer = {"problem": "too_many"}
    sys.stdout.write(json.dumps(answer))


def _limit(memory_bytes: int) -> None:
    """Let the system end this process if it needs more. Where it can't (Windows), the time alone is limited."""
    try:
        import resource  # noqa: PLC0415 - it isn't there on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


if __name__ == "__main__":
    main(sys.argv[1:])
