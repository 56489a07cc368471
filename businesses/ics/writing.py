"""Writes ICS files that other calendars understand. Pure.

What calendars' users report, and what is done about it here: times are UTC, since Outlook refuses zones that the file
doesn't define; an event keeps its UID for ever, and SEQUENCE and LAST-MODIFIED grow with each change, or else Google
and Outlook keep the old time; lines are folded at 75 octets, not letters; the same events are the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import icalendar

UID_PREFIX: Final = "frontdesk-appointment-"
_PRODUCT: Final = "-//Frontdesk//Appointments//EN"
_REFRESH: Final = timedelta(minutes=15)
_INVISIBLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


class Method(StrEnum):
    """What the file is: a calendar to look at, an event to enter, or one to take out (RFC 5546)."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Event:
    """An appointment as other calendars know it. `changed_at` is `made_at` as long as nothing was changed."""

    key: str
    start: datetime
    end: datetime
    title: str
    made_at: datetime
    changed_at: datetime
    description: str = ""
    place: str = ""
    url: str = ""

    @property
    def sequence(self) -> int:
        """Returns the number of its version: it grows with each change."""
        return max(int((self.changed_at - self.made_at).total_seconds()), 0)


@dataclass(frozen=True, slots=True)
class People:
    """Who sends an event to whom by mail."""

    organizer: str
    attendee: str
    organizer_name: str = ""


def calendar_file(
    events: Sequence[Event],
    *,
    name: str = "",
    zone: str = "UTC",
    method: Method = Method.PUBLISH,
    people: People | None = None,
) -> bytes:
    """Returns the file. `name` and `zone` are what a calendar that subscribes to it shows."""
    import icalendar  # noqa: PLC0415 - a tenth of a second of loading, and most processes never write a calendar

    calendar = icalendar.Calendar()
    calendar.add("PRODID", _PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", method.value)
    if method == Method.PUBLISH:
        calendar.add("X-WR-CALNAME", _shown(name))
        calendar.add("X-WR-TIMEZONE", zone)
        calendar.add("REFRESH-INTERVAL", _REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("X-PUBLISHED-TTL", "PT15M")
    for event in events:
        calendar.add_component(_component(event, method, people))
    if not events:  # a calendar has one component at least, and some programs refuse an empty one
        calendar.add_component(icalendar.Timezone.from_tzid(zone, first_date=date(2026, 1, 1)))
    return bytes(calendar.to_ical())


def _component(event: Event, method: Method, people: People | None) -> icalendar.Event:
    import icalendar  # noqa: PLC0415 - as above

    made = icalendar.Event()
    made.add("UID", f"{UID_PREFIX}{event.key}")
    made.add("SEQUENCE", event.sequence)
    made.add("DTSTAMP", event.changed_at.astimezone(UTC))
    made.add("CREATED", event.made_at.astimezone(UTC))
    made.add("LAST-MODIFIED", event.changed_at.astimezone(UTC))
    made.add("DTSTART", event.start.astimezone(UTC))
    made.add("DTEND", event.end.astimezone(UTC))
    made.add("SUMMARY", _shown(event.title))
    made.add("STATUS", "CANCELLED" if method == Method.CANCEL else "CONFIRMED")
    made.add("TRANSP", "OPAQUE")
    for field, text in (("DESCRIPTION", event.description), ("LOCATION", event.place)):
        if text:
            made.add(field, _shown(text))
    if event.url:
        made.add("URL", event.url)
    if people is not None:
        organizer = icalendar.vCalAddress(f"mailto:{people.organizer}")
        if people.organizer_name:
            organizer.params["CN"] = _shown(people.organizer_name).replace('"', "'")
        made.add("ORGANIZER", organizer)
        attendee = icalendar.vCalAddress(f"mailto:{people.attendee}")
        attendee.params["PARTSTAT"] = "ACCEPTED"
        attendee.params["RSVP"] = "FALSE"
        made.add("ATTENDEE", attendee)
    return made


def _shown(text: str) -> str:
    """Returns a text without signs that no calendar shows, and some stumble over."""
    return _INVISIBLE.sub("", text.replace("\r\n", "\n"))
