"""A broadcast's history, in the reader's language. What happened many times in a row is one line with its number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from businesses.models import User
from whatsapp.broadcasts.lifecycle import LATE_AFTER_S
from whatsapp.broadcasts.reasons import in_words
from whatsapp.models import BroadcastEvent, EventKind
from whatsapp.reasons import Cause, Reason, shown
from whatsapp.states import PauseReason

LONGEST_CYCLE = 2
"""Events that follow each other in turn, like pauses and resumptions, are folded, too: so many different ones."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the history. `what` happened `times` times without anything else between, from `first_at` to `at`."""

    what: str
    detail: str
    actor: User | None
    at: datetime
    first_at: datetime
    times: int


def folded(newest_first: Iterable[BroadcastEvent]) -> list[Line]:
    """Returns the history, newest first. Repetitions of the same, or of a pause and its end, are one line."""
    events, lines, position = list(newest_first), list[Line](), 0
    keys = [_sameness(event) for event in events]
    while position < len(events):
        length, times = _repetition(keys, position)
        end = position + length * times
        lines.append(_line(events[position:end], length, times))
        position = end
    return lines


def _repetition(keys: Sequence[object], start: int) -> tuple[int, int]:
    """Returns the length of the cycle that begins here and how often it comes; (1, 1) if nothing is repeated."""
    for length in range(1, LONGEST_CYCLE + 1):
        cycle, times = keys[start : start + length], 1
        while keys[start + length * times : start + length * (times + 1)] == cycle:
            times += 1
        if times > 1:
            return length, times
    return 1, 1


def _sameness(event: BroadcastEvent) -> object:
    """Returns what two events must have in common to be one line; their numbers of people may differ."""
    return event.kind, event.data.get("pause_reason"), event.data.get("cause"), event.actor_id


def _line(events: Sequence[BroadcastEvent], length: int, times: int) -> Line:
    newest, oldest = events[0], events[-1]
    told = events[length - 1 :: -1]
    if length == 1 and "people" in newest.data:
        newest.data = newest.data | {"people": sum(event.data.get("people", 0) for event in events)}
    return Line(
        what=" → ".join(what(event) for event in told),
        detail=next((text for event in told if (text := detail(event))), ""),
        actor=newest.actor,
        at=newest.at,
        first_at=oldest.at,
        times=times,
    )


def wall_time(written: str, zone: str) -> str:
    """Returns a stored local time (2026-11-30T09:00) in the reader's format, with its zone."""
    return f"{date_format(datetime.fromisoformat(written), 'SHORT_DATETIME_FORMAT')} ({zone})"


def what(event: BroadcastEvent) -> str:
    """Returns what happened; for a pause also why, unless a person asked for it."""
    if event.kind == EventKind.PAUSED:
        reason = event.data.get("pause_reason")
        why = PauseReason(reason).label if reason in PauseReason.values and reason != PauseReason.USER else ""
        return _("Paused: %(why)s") % {"why": why} if why else _("Paused")
    return str(event.get_kind_display())


def detail(event: BroadcastEvent) -> str:
    """Returns what the event's data says beyond its kind; "" for nothing."""
    said = [text for key, told in _TOLD.items() if key in event.data and (text := told(event.data))]
    # A provider's own words stay marked as theirs, alone and among others.
    return said[0] if len(said) == 1 else format_html_join(" · ", "{}", ((each,) for each in said))


def _start(data: Mapping[str, Any]) -> str:
    return wall_time(data["wall_time"], data["zone"])


def _lateness(data: Mapping[str, Any]) -> str:
    if data["late_s"] <= LATE_AFTER_S:
        return _("on time")
    minutes = max(1, round(data["late_s"] / 60))
    return ngettext("%(minutes)s minute late", "%(minutes)s minutes late", minutes) % {"minutes": minutes}


def _latest(data: Mapping[str, Any]) -> str:
    return _("It had to start by %(time)s UTC.") % {"time": f"{datetime.fromisoformat(data['not_after']):%H:%M}"}


def _people(data: Mapping[str, Any]) -> str:
    return ngettext("%(people)s person", "%(people)s people", data["people"]) % {"people": intcomma(data["people"])}


def _cause(data: Mapping[str, Any]) -> str:
    try:
        return in_words(Reason(Cause(data["cause"]), data["cause_data"]))
    except ValueError:  # a cause of another version of this program
        return ""


def _category(data: Mapping[str, Any]) -> str:
    return shown("new_category", data["category"])


_TOLD: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "wall_time": _start,
    "late_s": _lateness,
    "not_after": _latest,
    "people": _people,
    "category": _category,
    "cause": _cause,
}
