"""Calendars with appointments, reminders, mails about them, and addresses that join them with other programs."""

from __future__ import annotations

from bench.growth.copying import copies, sample
from bench.growth.fleet import NEW, OTHERS

DAYS_AHEAD = 10
A_CALENDAR = 10_000
"""Contacts for each calendar; each second contact has an appointment, one after the other, an hour each."""
_OURS = {"business_id": "g.id"}
_CALENDARS = f"{NEW} g, generate_series(0, g.contacts / {A_CALENDAR}) c"
_APPOINTMENTS = f"{NEW} g, generate_series(0, g.contacts / 2 - 1) i"
_CALENDAR = f"md5('calendar' || g.n || '-' || i % (g.contacts / {A_CALENDAR} + 1))::uuid"
_KEY = "md5('appointment' || g.n || '-' || i)::uuid"
_STARTS = (
    f"date_trunc('hour', now()) + interval '{DAYS_AHEAD} days'"
    f" - i / (g.contacts / {A_CALENDAR} + 1) * interval '1 hour'"
)


def add_calendars() -> None:
    """Each with one service, an address of what is booked in it, and one of times that are taken elsewhere."""
    from businesses.models import Calendar, CalendarFeed, CalendarSource, Service, ServiceCalendar  # noqa: PLC0415

    key, service = "md5('calendar' || g.n || '-' || c)::uuid", "md5('service' || g.n)::uuid"
    copies(Calendar, sample(Calendar), _CALENDARS, _OURS | {"id": key, "name": "'Room ' || c", "mailed_id": "NULL"})
    copies(Service, sample(Service, is_active=True), f"{NEW} g", _OURS | {"id": service, "name": "'Visit'"})
    offer = _OURS | {"service_id": service, "calendar_id": key}
    copies(ServiceCalendar, sample(ServiceCalendar), _CALENDARS, offer)
    feed = {"calendar_id": key, "token_hash": "md5('feed' || g.n || '-' || c)"}
    copies(CalendarFeed, sample(CalendarFeed), _CALENDARS, _OURS | feed)
    source = {"calendar_id": key, "due_at": "now() + interval '1 day'", "problem": "''", "failures": "0"}
    copies(CalendarSource, sample(CalendarSource), _CALENDARS, _OURS | source)


def add_appointments() -> None:
    """Of ten appointments one was called off; each past one was reminded of, and mailed to its calendar's member."""
    from businesses.models import Appointment, BusyTime, CalendarMail, MailState, Reminder, ReminderChoices  # noqa: PLC0415

    columns = {
        "id": _KEY,
        "calendar_id": _CALENDAR,
        "service_id": "md5('service' || g.n)::uuid",
        "starts_at": _STARTS,
        "ends_at": f"{_STARTS} + interval '30 minutes'",
        "held_from": _STARTS,
        "held_until": f"{_STARTS} + interval '40 minutes'",
        "number": "'+97255' || lpad(i::text, 7, '0')",
        "status": "CASE WHEN i % 10 = 3 THEN 'cancelled' ELSE 'booked' END",
        "made_at": f"{_STARTS} - interval '20 days'",
        "reminder_agreed_at": f"CASE WHEN i % 2 = 0 THEN {_STARTS} - interval '20 days' END",
    }
    copies(Appointment, sample(Appointment, status="booked", moved_at=None), _APPOINTMENTS, _OURS | columns)
    busy = _OURS | {"calendar_id": _CALENDAR, "starts_at": _STARTS, "ends_at": f"{_STARTS} + interval '30 minutes'"}
    copies(BusyTime, sample(BusyTime, source=None), f"{NEW} g, generate_series(0, g.contacts / 20 - 1) i", busy)
    is_past = f"i / (g.contacts / {A_CALENDAR} + 1) > {DAYS_AHEAD - 1} * 24"
    past = f"(SELECT g.*, i FROM {_APPOINTMENTS} WHERE {is_past}) g"
    reminder = {"appointment_id": _KEY, "starts_at": _STARTS, "hours": "24", "at": f"{_STARTS} - interval '1 day'"}
    copies(Reminder, sample(Reminder), past, _OURS | reminder | {"message": "NULL"})
    mail = {"calendar_id": _CALENDAR, "appointment_id": _KEY, "version": _STARTS, "created_at": _STARTS}
    copies(CalendarMail, sample(CalendarMail, state=MailState.SENT), past, _OURS | mail)
    begun = {"is_on": "true", "since": "now() - interval '90 days'"}
    copies(ReminderChoices, sample(ReminderChoices), OTHERS, _OURS | begun)
