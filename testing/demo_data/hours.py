"""The demo business's opening hours, a holiday and an exception."""

from __future__ import annotations

from datetime import datetime, timedelta

from businesses.models import Business, DayKind, SpecialDays, WeekHours
from businesses.models.hours import WEEKDAYS
from testing.demo_data import Rows

WHOLE_DAY, SHORT_DAY = [["08:00", "13:00"], ["16:00", "19:00"]], [["08:30", "12:30"]]


def add(business: Business, *, now: datetime) -> Rows:
    """Create a week with breaks, days off to come, and an exception that was just removed."""
    usual = dict.fromkeys(WEEKDAYS, WHOLE_DAY) | {"friday": SHORT_DAY, "saturday": []}
    week = WeekHours.objects.create(business=business, **usual)
    day = now.date() + timedelta(days=3)
    off = SpecialDays.objects.create(
        business=business, kind=DayKind.HOLIDAY, first_day=day, last_day=day + timedelta(days=1), name="חופשת המשרד"
    )
    later = day + timedelta(days=7)
    SpecialDays.objects.create(
        business=business, first_day=later, last_day=later, hours=SHORT_DAY, name="ספירת מלאי, רק החנות פתוחה"
    )
    SpecialDays.objects.create(business=business, first_day=later, last_day=later, name="יום גיבוש", removed_at=now)
    return {"businesses.WeekHours": {"week": str(week.pk)}, "businesses.SpecialDays": {"off": str(off.pk)}}
