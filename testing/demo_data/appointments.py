"""Calendars, services and appointments of the demo business, around the day of seeding."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from businesses.calendar import booking, setting_up
from businesses.calendar.booking import Guest
from businesses.ics import feeds, sources
from businesses.ics.busy import Busy
from businesses.ics.problems import FileProblem
from businesses.models import (
    Business,
    Calendar,
    CalendarFeed,
    CalendarMail,
    CalendarSource,
    MailState,
    Membership,
    Service,
)
from testing.demo_data import Rows, reminders
from testing.demo_data.names import name_of, phone_of
from whatsapp.models import Sender

_DAY = [["09:00", "13:00"], ["14:00", "19:00"]]


def add(business: Business, sender: Sender, *, now: datetime) -> Rows:
    """Create them. Some days are full, and one appointment is cancelled."""
    dentist = Calendar.objects.get(business=business)
    levi = Calendar(business=business, name="ד״ר נועה לוי", hours=[_DAY] * 7)
    room = Calendar(business=business, name="Room 2 – חדר טיפולים", hours=[_DAY] * 7)
    for calendar in (levi, room):
        setting_up.save_calendar(calendar)
    checkup = Service(business=business, name="ביקורת שנתית", minutes=30, after_minutes=10, step_minutes=15)
    setting_up.save_service(checkup, [levi, room, dentist])
    setting_up.save_service(Service(business=business, name="Whitening", is_active=False), [])
    zone = ZoneInfo(business.time_zone)
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    setting_up.block(room, starts_at=_at(today, 0, 11), ends_at=_at(today, 0, 12), note="ישיבת צוות")
    setting_up.block(levi, starts_at=_at(today, 3, 14), ends_at=_at(today, 3, 19), note="Conference")
    setting_up.mail_to(levi, Membership.objects.filter(business=business).order_by("user__email").first())
    made = []
    for number, (days, hour, minute, calendar) in enumerate(
        (days, hour, minute, calendar)
        for days in (0, 1, 2)
        for hour, minute, calendar in (
            (9, 0, levi),
            (9, 45, levi),
            (10, 15, room),
            (12, 0, levi),
            (14, 0, room),
            (16, 15, levi),
            (17, 30, room),
        )
    ):
        guest = Guest(name_of(number), phone_of(number), "מעדיפה בוקר" if number % 3 == 0 else "")
        start = _at(today, days, hour, minute)
        made.append(booking.book(business, checkup, guest, start=start, now=now, calendar=calendar))
    booking.move(made[9], start=_at(today, 1, 11, 20), now=now, calendar=levi)
    booking.cancel(made[-1], now=now)
    reminders.add(business, made, sender, now=now)
    _join_with_others(business, levi, _at(today, 1, 13), now=now)
    return {
        "businesses.Appointment": {"booked": str(made[8].pk), "cancelled": str(made[-1].pk)},
        "businesses.Service": {"on": str(checkup.pk)},
        "businesses.Calendar": {"own hours": str(levi.pk)},
    }


def _join_with_others(business: Business, calendar: Calendar, lunch: datetime, *, now: datetime) -> None:
    """Give it an address that is in use, and busy times from one that has failed since yesterday."""
    for of in (calendar, None):
        feeds.make(business, of, by=None, now=now - timedelta(days=20))
    CalendarFeed.objects.filter(calendar=calendar).update(last_used_at=now - timedelta(hours=3))
    CalendarMail.objects.update(state=MailState.SENT, due_at=None)
    source = sources.enter(calendar, "https://calendar.example.com/ical/levi/basic.ics", now=now)
    sources.store(
        source, [Busy(lunch + timedelta(days=each), lunch + timedelta(days=each, hours=1), "") for each in range(9)]
    )
    CalendarSource.objects.filter(pk=source.pk).update(
        problem=FileProblem.STATUS,
        status=404,
        failures=9,
        checked_at=now - timedelta(hours=1),
        worked_at=now - timedelta(days=1),
        read_at=now - timedelta(days=1),
        due_at=now + timedelta(hours=5),
    )


def _at(today: datetime, days: int, hour: int, minute: int = 0) -> datetime:
    day = today + timedelta(days=days)
    return day.replace(hour=hour, minute=minute)
