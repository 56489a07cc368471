"""The small charts of the home page: calls by hour of today; calls, minutes, cost and replies by day of four weeks.

They are kept for a minute, so that most visits cost no query for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.template.defaultfilters import floatformat
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from businesses.models import Business
from businesses.pages.charts import Chart, Figure, Series, bar_chart
from businesses.remembered import remembered
from calls.records import call_days
from calls.records.call_days import Day, Hour
from whatsapp.inbox.replies import replies_by_day

KEPT_S = 60

Known = tuple[list[Hour], list[Day], dict[date, int]]


def charts(business: Business, *, now: datetime) -> list[Chart]:
    """Returns the charts that have something to show."""
    hours, days, replies = remembered(f"home-charts-{business.pk.hex}", KEPT_S, lambda: _read(business, now))
    columns, day = [date_format(each.day, "j M") for each in days], _("Day")
    made = [
        bar_chart(
            _("Calls today, by hour"),
            [f"{each.hour:02d}:00" for each in hours],
            _both(hours),
            column_heading=_("Hour"),
        ),
        bar_chart(
            _("Calls, by day"),
            columns,
            _both(days),
            column_heading=day,
        ),
        bar_chart(_("Minutes"), columns, [_amounts(_("Minutes"), [each.minutes for each in days])], column_heading=day),
        bar_chart(
            _("OpenAI cost of calls, US dollars"),
            columns,
            [_amounts(_("US dollars"), [each.cost for each in days], places=2)],
            column_heading=day,
        ),
        bar_chart(
            _("Messages from people"),
            columns,
            [_counts("two", _("Messages"), [replies.get(each.day, 0) for each in days])],
            column_heading=day,
        ),
    ]
    return [chart for chart in made if not chart.is_empty]


def _read(business: Business, now: datetime) -> Known:
    hours, days = call_days.hours_and_days(business, now=now)
    return hours, days, replies_by_day(business, since=days[0].day)


def _both(each: Sequence[Hour] | Sequence[Day]) -> list[Series]:
    answered, missed = [one.answered for one in each], [one.missed for one in each]
    return [_counts("one", _("Calls answered"), answered), _counts("four", _("Calls missed"), missed)]


def _counts(key: str, label: str, numbers: Sequence[int]) -> Series:
    return Series(key, label, [Figure(number, floatformat(number, "g")) for number in numbers])


def _amounts(label: str, numbers: Sequence[Decimal], *, places: int = 1) -> Series:
    return Series("one", label, [Figure(float(number), floatformat(number, f"{places}g")) for number in numbers])
