"""The page of a day or a week: what is booked, what is free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from businesses.calendar.agenda import Row, table
from businesses.calendar.plan import calendars_of, day_columns, week_columns, week_of
from businesses.models import Business, Calendar, Service
from businesses.pages.access import PageRequest, business_page

_NEAR = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: a day or its week, of all calendars or one."""

    day: date
    is_week: bool
    calendar: Calendar | None

    def query(self, *, day: date | None = None, is_week: bool | None = None) -> str:
        """Returns the query string of this page with another day or view."""
        parts = {"day": (day or self.day).isoformat()}
        if self.is_week if is_week is None else is_week:
            parts["view"] = "week"
        if self.calendar is not None:
            parts["calendar"] = str(self.calendar.pk)
        return f"?{urlencode(parts)}"


@require_safe
@business_page(section="calendar")
def calendar(request: PageRequest) -> HttpResponse:
    """Show a day with a column for each calendar, or a week with a column for each day."""
    business, today = request.business, timezone.localdate()
    calendars = calendars_of(business)
    asked = _asked(request, calendars, today)
    shown = [asked.calendar] if asked.calendar else calendars
    first = week_of(asked.day, business) if asked.is_week else asked.day
    rows, columns = _table(business, shown, first, is_week=asked.is_week) if shown else ([], [])
    step = timedelta(days=7 if asked.is_week else 1)
    context = {
        "asked": asked,
        "first": first,
        "last": first + timedelta(days=6),
        "today": today,
        "rows": rows,
        "columns": columns,
        "calendars": calendars,
        "has_services": bool(calendars) and Service.objects.filter(business=business, is_active=True).exists(),
        "names_calendars": asked.is_week and asked.calendar is None and len(calendars) > 1,
        "has_hours": any(column.opened for column in columns),
        "earlier": asked.query(day=asked.day - step),
        "later": asked.query(day=asked.day + step),
        "of_today": asked.query(day=today),
        "as_day": asked.query(is_week=False),
        "as_week": asked.query(is_week=True),
        "now": timezone.now(),
    }
    return render(request, "pages/calendar.html", context)


def _table(business: Business, calendars: list[Calendar], first: date, *, is_week: bool) -> tuple[list[Row], list[Any]]:
    columns = (week_columns if is_week else day_columns)(business, calendars, first)
    return table(columns, timezone.get_current_timezone()), columns


def _asked(request: PageRequest, calendars: list[Calendar], today: date) -> Asked:
    """Returns what the query string asks for; today, and all calendars, for anything that can't be shown."""
    try:
        day = parse_date(request.GET.get("day", "")) or today
    except ValueError:
        day = today
    if abs(day - today) > _NEAR:
        day = today
    by_key = {str(each.pk): each for each in calendars}
    return Asked(day, request.GET.get("view") == "week", by_key.get(request.GET.get("calendar", "")))


def day_of(moment: datetime, calendar_id: UUID | None = None) -> str:
    """Returns the query string of the day on which something is."""
    chosen = {"calendar": str(calendar_id)} if calendar_id else {}
    return f"?{urlencode({'day': timezone.localtime(moment).date().isoformat(), **chosen})}"
