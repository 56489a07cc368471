"""A broadcast's history, in the reader's words: it was written down by workers, who have no reader."""

from __future__ import annotations

import re
from datetime import datetime

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from whatsapp.models import BroadcastEvent
from whatsapp.states import PauseReason

_WHAT = {
    "created": gettext_lazy("Made"),
    "started": gettext_lazy("Started"),
    "scheduled": gettext_lazy("Scheduled"),
    "running": gettext_lazy("Sending began"),
    "resumed": gettext_lazy("Resumed"),
    "cancelled": gettext_lazy("Cancelled"),
    "ended": gettext_lazy("Ended"),
    "completed": gettext_lazy("Ended"),
    "reopened": gettext_lazy("Opened again"),
    "missed": gettext_lazy("Missed its time"),
    "failed": gettext_lazy("Could not be prepared"),
    "retried": gettext_lazy("Failed people are tried again"),
    "sent again": gettext_lazy("A message whose answer was lost is sent again"),
    "assumed sent": gettext_lazy("A message whose answer was lost is taken as sent"),
}
_PEOPLE = re.compile(r"(\d+) people")
_LATE = re.compile(r"(\d+) s late")
_START = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d) (\S+)")
_LATEST = re.compile(r"It had to start by (\d\d:\d\d) UTC\.")


def wall_time(written: str, zone: str) -> str:
    """A local time as it is kept (2026-11-30T09:00), for reading, with its place."""
    return f"{date_format(datetime.fromisoformat(written), 'SHORT_DATETIME_FORMAT')} ({zone})"


def what(event: BroadcastEvent) -> str:
    """What happened; of a pause also why, unless a person wanted it."""
    name, _colon, reason = event.what.partition(": ")
    if name == "paused":
        why = PauseReason(reason).label if reason in PauseReason.values and reason != PauseReason.USER else ""
        return _("Paused: %(why)s") % {"why": why} if why else _("Paused")
    return str(_WHAT.get(event.what, event.what))


def detail(event: BroadcastEvent) -> str:
    """The rest, where it says more than `what`; words of a provider or of a person stay as they are."""
    written = event.detail
    if start := _START.fullmatch(written):
        return wall_time(start[1], start[2])
    if written == "on schedule":
        return _("on time")
    if people := _PEOPLE.fullmatch(written):
        count = int(people[1])
        return ngettext("%(people)s person", "%(people)s people", count) % {"people": intcomma(count)}
    if late := _LATE.fullmatch(written):
        minutes = max(1, round(int(late[1]) / 60))
        return ngettext("%(minutes)s minute late", "%(minutes)s minutes late", minutes) % {"minutes": minutes}
    if latest := _LATEST.fullmatch(written):
        return _("It had to start by %(time)s UTC.") % {"time": latest[1]}
    return written
