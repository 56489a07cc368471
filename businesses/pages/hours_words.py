"""Opening hours in words, in the reader's language."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from businesses.hours import Standing


def standing_in_words(standing: Standing, *, now: datetime) -> str:
    """Returns a sentence like "Now: open until 18:00."; `now` is in the business's zone."""
    if standing.is_open:
        if standing.until is None:
            return _("Now: open round the clock.")
        return _("Now: open until %(when)s.") % {"when": moment_in_words(standing.until, today=now.date())}
    if standing.next_opening is None:
        return _("Now: closed. No opening is to come.")
    when = moment_in_words(standing.next_opening, today=now.date())
    return _("Now: closed. Opens next: %(when)s.") % {"when": when}


def moment_in_words(moment: datetime, *, today: date) -> str:
    """Returns the time of a moment, with its day if that is not today."""
    clock = f"{moment:%H:%M}"
    if moment.date() == today:
        return clock
    return _("%(day)s, %(time)s") % {"day": date_format(moment, "l j.n"), "time": clock}
