"""ICS files as other programs write them."""

from __future__ import annotations

ZONE = """BEGIN:VTIMEZONE
TZID:Israel Standard Time
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:+0300
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0200
TZOFFSETTO:+0300
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=4FR;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""
"""Outlook's, whose summer begins on other days in some years than Israel's does."""


def calendar(*events: str, head: str = "") -> bytes:
    """Returns a file. An event is its lines without the first and the last."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Other//EN", *filter(None, [head])]
    for event in events:
        lines += ["BEGIN:VEVENT", "DTSTAMP:20261101T000000Z", event, "END:VEVENT"]
    return "\r\n".join("\n".join([*lines, "END:VCALENDAR", ""]).splitlines()).encode() + b"\r\n"


def event(start: str, end: str, *more: str, uid: str = "one") -> str:
    """Returns the lines of an event; `start` and `end` as after the name: `:20261123T090000Z`."""
    return "\n".join((f"UID:{uid}", f"DTSTART{start}", f"DTEND{end}", *more))
