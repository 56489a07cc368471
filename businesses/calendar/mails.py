"""Writes down which mails a change of an appointment calls for. Expects the business to be set (`acting_for`)."""

from __future__ import annotations

from datetime import datetime

from businesses.models import Appointment, Calendar, CalendarMail, Happening, MailAbout

_ABOUT = {
    Happening.APPOINTMENT_MADE: MailAbout.MADE,
    Happening.APPOINTMENT_MOVED: MailAbout.MOVED,
    Happening.APPOINTMENT_CANCELLED: MailAbout.GONE,
}


def write(appointment: Appointment, kind: Happening, *, now: datetime, left: Calendar | None = None) -> None:
    """Write the rows, inside the transaction of the change; none for what is over, and where nobody is mailed."""
    about = _ABOUT[kind]
    wanted = [(appointment.calendar, about)]
    if left is not None and left.mailed_id != appointment.calendar.mailed_id:
        wanted = [(left, MailAbout.ELSEWHERE), (appointment.calendar, MailAbout.MADE)]
    rows = [
        CalendarMail(
            business=appointment.business,
            calendar=calendar,
            appointment=appointment,
            about=each,
            version=appointment.changed_at or appointment.made_at,
            due_at=now,
            created_at=now,
        )
        for calendar, each in wanted
        if calendar.mailed_id is not None
    ]
    if rows and appointment.ends_at > now:
        CalendarMail.objects.bulk_create(rows)
