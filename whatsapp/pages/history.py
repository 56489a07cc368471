"""A broadcast's history, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from whatsapp.broadcasts.lifecycle import LATE_AFTER_S
from whatsapp.broadcasts.reasons import in_words
from whatsapp.models import BroadcastEvent, EventKind
from whatsapp.reasons import Cause, Reason, shown
from whatsapp.states import PauseReason


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
    for key, told in _TOLD.items():
        if key in event.data:
            return told(event.data)
    return ""


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
