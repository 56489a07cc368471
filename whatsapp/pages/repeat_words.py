"""When a recurring broadcast is sent, in words."""

from __future__ import annotations

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from whatsapp.pages.repeat_form import WEEK
from whatsapp.series.repeats import Period, Repeat


def repeat_words(repeat: Repeat) -> list[str]:
    """Returns the rule as short sentences: how often, from when to when, how many times."""
    return [f"{_often(repeat)}, {_at(repeat)}", _span(repeat), *_times(repeat)]


def _often(repeat: Repeat) -> str:
    match repeat.period:
        case Period.DAILY:
            return _("Every day")
        case Period.WEEKLY:
            days = ", ".join(str(WEEKDAYS[day]) for day in WEEK if day in repeat.weekdays)
            return _("Every week on %(days)s") % {"days": days}
        case Period.MONTHLY:
            words = _("Every month on day %(day)s") % {"day": repeat.month_day}
            return words if repeat.month_day <= 28 else f"{words} {_('(in shorter months on the last day)')}"


def _at(repeat: Repeat) -> str:
    return _("at %(time)s (%(zone)s)") % {"time": time_format(repeat.at, "H:i"), "zone": f"\u2066{repeat.zone}\u2069"}


def _span(repeat: Repeat) -> str:
    first = date_format(repeat.first, "SHORT_DATE_FORMAT")
    if repeat.last is None:
        return _("From %(first)s on") % {"first": first}
    return _("From %(first)s to %(last)s") % {
        "first": first,
        "last": date_format(repeat.last, "SHORT_DATE_FORMAT"),
    }


def _times(repeat: Repeat) -> list[str]:
    if repeat.times is None:
        return []
    return [ngettext("%(times)s time", "%(times)s times", repeat.times) % {"times": f"{repeat.times:,}"}]
