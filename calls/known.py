"""What an assistant knows of its business when a call begins, read at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from businesses.hours import Hours, current_hours
from businesses.knowledge import entries
from businesses.models import Business, KnowledgeEntry
from calls.models import Call


@dataclass(frozen=True, slots=True)
class Calling:
    """We have called this person. `who`: their name, `about`: what it is about; "" if it isn't known.

    `is_reminder`: it is about an appointment. `appointment`: which, and when; "" if it was changed meanwhile.
    """

    who: str
    about: str
    is_reminder: bool = False
    appointment: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """`hours`: those that can be reckoned with. `opened_at`: when the call's first stream opened; None: it does now.

    `is_closed`: the call came outside the hours. `entries`: of knowledge, in their order. `calling`: it did not come.
    """

    hours: Hours | None = None
    opened_at: datetime | None = None
    is_closed: bool = False
    entries: tuple[KnowledgeEntry, ...] = ()
    calling: Calling | None = None


def known_of(business: Business, call: Call | None, *, now: datetime) -> Known:
    """Returns what is known for a call. Whether it came outside the hours was decided when its first stream opened."""
    hours = current_hours(business, now)
    is_closed = hours is not None and not hours.standing(now).is_open
    opened_at = call.stream_opened_at if call else None
    if call and opened_at:
        is_closed = call.came_while_closed
    return Known(hours, opened_at, is_closed, tuple(entries.entries_of(business)))
