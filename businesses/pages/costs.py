"""What a business has used and what it cost, day by day and month by month, beside its limits; and as CSV.

A day is the business's own. The rows are those that the limits count (`usage`), so page and limits agree. Money is
OpenAI's part of calls and WhatsApp's messages by their published prices or the operator's, without the phone line.
What has no known price is counted, and no price is made up for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Sum
from django.db.models.functions import TruncMonth
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses import usage
from businesses.models import Business, DayUsage, Limit, UsageDetail
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.pages.csv_export import csv_answer

DAYS = 31
MONTHS = 13
SHOWN: Final[tuple[Limit | UsageDetail, ...]] = (*Limit, *UsageDetail)


@dataclass(frozen=True, slots=True)
class Used:
    """What was used on a day, or in the month that begins with it. The names are those of `SHOWN`."""

    day: date
    calls: int
    minutes: Decimal
    dialled_minutes: Decimal
    messages: int
    money: Decimal
    messages_money: Decimal
    unpriced_messages: int

    @property
    def amounts(self) -> list[Decimal]:
        """Returns the amounts, in the order of `SHOWN`."""
        return [Decimal(getattr(self, each.value)) for each in SHOWN]


def days(business: Business, today: date) -> list[Used]:
    """Returns the last `DAYS` days on which anything was used, newest first."""
    rows = DayUsage.objects.filter(business=business, day__gt=today - timedelta(days=DAYS), day__lte=today)
    found = rows.order_by("-day").values(*(field.name for field in fields(Used)))
    return [Used(**row) for row in found]


def months(business: Business, today: date) -> list[Used]:
    """Returns the last `MONTHS` months, this one included, newest first; one query."""
    first = today.replace(day=1)
    for _month in range(MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    rows = DayUsage.objects.filter(business=business, day__gte=first, day__lte=today)
    summed = rows.annotate(month=TruncMonth("day")).values("month").order_by("-month")
    sums = {f"{each.value}_sum": Sum(each.value) for each in SHOWN}
    found: Iterable[Mapping[str, Any]] = summed.annotate(**sums)
    return [Used(row["month"], *(row[f"{each.value}_sum"] for each in SHOWN)) for row in found]


@require_safe
@business_page(section="settings", roles=OWNERS)
def costs(request: PageRequest) -> HttpResponse:
    """Show today beside the limits, the days and the months."""
    today = timezone.localdate()
    by_month = months(request.business, today)
    context = {
        "today": usage.overview(request.business, now=timezone.now()),
        "days": days(request.business, today),
        "months": by_month,
        "columns": [each.label for each in SHOWN],
        "has_unpriced": any(each.unpriced_messages for each in by_month),
    }
    return render(request, "pages/costs.html", context)


@require_safe
@business_page(section="settings", roles=OWNERS)
def export(request: PageRequest) -> HttpResponseBase:
    """Send every day as CSV."""
    header = [_("day (%(zone)s)") % {"zone": request.business.time_zone}, *(str(each.label) for each in SHOWN)]
    name = f"costs-{request.business.slug}-{timezone.localdate():%Y-%m-%d}"
    return csv_answer(name, header, _cells(request.business))


def _cells(business: Business) -> Iterator[tuple[object, ...]]:
    names = ("day", *(each.value for each in SHOWN))
    rows = DayUsage.objects.filter(business=business).order_by("day")
    yield from rows.values_list(*names).iterator(chunk_size=500)
