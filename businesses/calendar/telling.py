"""What a business's own systems are told of an appointment. Expects the business to be set (`acting_for`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from businesses.calendar import mails
from businesses.calendar.soon import forget_booked
from businesses.happenings import Happening, happened
from businesses.models import Appointment, Calendar


def told(
    appointment: Appointment,
    kind: Happening,
    *,
    now: datetime,
    moved_from: datetime | None = None,
    left: Calendar | None = None,
) -> None:
    """Have it told. Call it inside the transaction that makes it true. `left`: the calendar in which it was before."""
    mails.write(appointment, kind, now=now, left=left)
    forget_booked(appointment.business)
    data = data_of(appointment)
    if moved_from is not None:
        zone = ZoneInfo(appointment.business.time_zone)
        data["moved_from"] = moved_from.astimezone(zone).isoformat()
    happened(appointment.business, kind, data, now=now)


def data_of(appointment: Appointment) -> dict[str, Any]:
    """Returns an appointment as JSON; times are in the business's zone."""
    zone = ZoneInfo(appointment.business.time_zone)
    return {
        "id": str(appointment.pk),
        "service": appointment.service.name,
        "calendar": appointment.calendar.name,
        "starts_at": appointment.starts_at.astimezone(zone).isoformat(),
        "ends_at": appointment.ends_at.astimezone(zone).isoformat(),
        "status": appointment.status,
        "name": appointment.name,
        "number": appointment.number,
        "note": appointment.note,
        "booked_by": appointment.made_by,
        "call": str(appointment.call) if appointment.call else None,
    }
