"""Reads what the pages of a day and a week show. Expects the business to be set (`acting_for`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from businesses.calendar.agenda import Column, Entry
from businesses.calendar.availability import hours_by_calendar, midnight, opened
from businesses.calendar.slots import Span
from businesses.hours.calendar import Hours
from businesses.models import Appointment, AppointmentStatus, Business, BusyTime, Calendar


def calendars_of(business: Business) -> list[Calendar]:
    """Returns the calendars that can be booked, by name; those that can't only while there are no others."""
    found = list(Calendar.objects.filter(business=business))
    return [calendar for calendar in found if calendar.is_active] or found


def day_columns(business: Business, calendars: Sequence[Calendar], day: date) -> list[Column]:
    """Returns one column for each calendar."""
    hours, entries = _read(business, calendars, day, 1)
    return [_column(business, day, calendar, [calendar], hours, entries) for calendar in calendars]


def week_columns(business: Business, calendars: Sequence[Calendar], first: date) -> list[Column]:
    """Returns one column for each of seven days, with all these calendars in it."""
    hours, entries = _read(business, calendars, first, 7)
    days = [first + timedelta(days=ahead) for ahead in range(7)]
    return [_column(business, day, day, calendars, hours, entries) for day in days]


def week_of(day: date, business: Business) -> date:
    """Returns the first day of a day's week: Sunday in Israel and in Hebrew, Monday elsewhere."""
    begins_on_sunday = business.language == "he" or business.time_zone in {"Asia/Jerusalem", "Israel"}
    return day - timedelta(days=(day.weekday() + begins_on_sunday) % 7)


def _read(
    business: Business, calendars: Sequence[Calendar], first: date, days: int
) -> tuple[dict[UUID, Hours | None], list[Entry]]:
    zone = ZoneInfo(business.time_zone)
    begin, end = midnight(first, zone), midnight(first + timedelta(days=days), zone)
    wanted = Q(business=business, calendar__in=calendars, starts_at__lt=end, ends_at__gt=begin)
    appointments = Appointment.objects.filter(wanted, status=AppointmentStatus.BOOKED)
    busy = BusyTime.objects.filter(wanted)
    found: list[Appointment | BusyTime] = [
        *appointments.select_related("service", "calendar"),
        *busy.select_related("calendar"),
    ]
    return hours_by_calendar(business, calendars), [Entry(Span(each.starts_at, each.ends_at), each) for each in found]


def _column(  # noqa: PLR0917 - what was read for all columns
    business: Business,
    day: date,
    title: Calendar | date,
    calendars: Collection[Calendar],
    hours: dict[UUID, Hours | None],
    entries: Sequence[Entry],
) -> Column:
    zone = ZoneInfo(business.time_zone)
    begin, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    keys = {calendar.pk for calendar in calendars}
    inside = [
        each for each in entries if each.what.calendar_id in keys and each.span.start < end and each.span.end > begin
    ]
    openings = [
        span for key in keys for span in opened(hours[key], begin, begin + timedelta(hours=1)) if span.end > begin
    ]
    return Column(day, title, openings, inside)


def next_appointments(business: Business, number: str, *, now: datetime) -> list[Appointment]:
    """Returns what is booked for a telephone number from now on, the nearest first."""
    if not number:
        return []
    ahead = Appointment.objects.filter(
        business=business, number=number, ends_at__gt=now, status=AppointmentStatus.BOOKED
    )
    return list(ahead.select_related("service", "calendar", "business")[:10])
