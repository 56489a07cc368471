"""Calendars, services and appointments of the demo business, around the day of seeding."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from businesses.calendar import booking, setting_up
from businesses.calendar.booking import Guest
from businesses.models import (
    Appointment,
    Business,
    Calendar,
    HoursBefore,
    Reminder,
    ReminderChoices,
    ReminderResult,
    Service,
)
from testing.demo_data import Rows
from testing.demo_data.names import name_of, phone_of
from whatsapp.models import DirectKind, DirectMessage, Sender
from whatsapp.states import RecipientStatus

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
    _remind(business, made, sender, now=now)
    return {
        "businesses.Appointment": {"booked": str(made[8].pk), "cancelled": str(made[-1].pk)},
        "businesses.Service": {"on": str(checkup.pk)},
        "businesses.Calendar": {"own hours": str(levi.pk)},
    }


def _remind(business: Business, made: list[Appointment], sender: Sender, *, now: datetime) -> None:
    """Store what became of some reminders. They are off: the demo's number can't send."""
    fillings = {"header_1": "business_name", "1": "name", "2": "when", "3": "calendar"}
    chosen = ReminderChoices(
        business=business, template="appointment_tomorrow", second_hours=HoursBefore.TWO, fillings=fillings
    )
    setting_up.choose_reminders(chosen, now=now)
    results = (ReminderResult.NOT_AGREED, ReminderResult.SENT, ReminderResult.NO_NUMBER, ReminderResult.OPTED_OUT)
    for number, (appointment, result) in enumerate(zip(made[7:], results, strict=False)):
        is_sent = result == ReminderResult.SENT
        at = now - timedelta(minutes=5 + number)
        key = uuid5(NAMESPACE_URL, f"demo:{appointment.pk}")
        Reminder.objects.create(
            business=business,
            appointment=appointment,
            starts_at=appointment.starts_at,
            hours=HoursBefore.DAY,
            result=result,
            message=key if is_sent else None,
            at=at,
        )
        if is_sent:
            DirectMessage.objects.create(
                business=business,
                sender=sender,
                provider=sender.provider,
                key=key,
                kind=DirectKind.TEMPLATE,
                address=appointment.number,
                text=f"שלום {appointment.name}, נזכיר שנקבע לך תור למחר.",
                status=RecipientStatus.DELIVERED,
                created_at=at,
                accepted_at=at,
                sent_at=at,
                delivered_at=at + timedelta(seconds=3),
            )


def _at(today: datetime, days: int, hour: int, minute: int = 0) -> datetime:
    day = today + timedelta(days=days)
    return day.replace(hour=hour, minute=minute)
