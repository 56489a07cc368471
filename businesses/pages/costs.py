"""What a business has used and what it cost, day by day and month by month, beside its limits; and as CSV.

A day is the business's own. The rows are those that the limits count (`usage`), so page and limits agree. Money is
OpenAI's part of calls and WhatsApp's messages by their published prices, without the phone line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncMonth
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses import usage
from businesses.models import Business, DayUsage, Limit
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.pages.csv_export import csv_answer

DAYS = 31
MONTHS = 13


@dataclass(frozen=True, slots=True)
class Used:
    """What was used on a day, or in the month that begins with it. The names are those of `Limit`."""

    day: date
    calls: int
    minutes: Decimal
    dialled_minutes: Decimal
    messages: int
    money: Decimal

    @property
    def amounts(self) -> list[Decimal]:
        """Returns the amounts, in the order of `Limit`."""
        return [Decimal(getattr(self, limit.value)) for limit in Limit]


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
    sums = {f"{limit.value}_sum": Sum(limit.value) for limit in Limit}
    found: Iterable[Mapping[str, Any]] = summed.annotate(**sums)
    return [Used(row["month"], *(row[f"{limit.value}_sum"] for limit in Limit)) for row in found]


@require_safe
@business_page(section="settings", roles=OWNERS)
def costs(request: PageRequest) -> HttpResponse:
    """Show today beside the limits, the days and the months."""
    today = timezone.localdate()
    context = {
        "today": usage.overview(request.business, now=timezone.now()),
        "days": days(request.business, today),
        "months": months(request.business, today),
        "columns": [limit.label for limit in Limit],
    }
    return render(request, "pages/costs.html", context)


@require_safe
@business_page(section="settings", roles=OWNERS)
def export(request: PageRequest) -> HttpResponseBase:
    """Send every day as CSV."""
    header = [_("day (%(zone)s)") % {"zone": request.business.time_zone}, *(str(limit.label) for limit in Limit)]
    name = f"costs-{request.business.slug}-{timezone.localdate():%Y-%m-%d}"
    return csv_answer(name, header, _cells(request.business))


def _cells(business: Business) -> Iterator[tuple[object, ...]]:
    names = ("day", *(limit.value for limit in Limit))
    rows = DayUsage.objects.filter(business=business).order_by("day")
    yield from rows.values_list(*names).iterator(chunk_size=500)
