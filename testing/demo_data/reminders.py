"""What became of some reminders of the demo business's appointments."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from businesses.calendar import setting_up
from businesses.models import Appointment, Business, HoursBefore, Reminder, ReminderChoices, ReminderResult
from calls.models import OutgoingCall, OutgoingState
from calls.outgoing.consent import Basis
from whatsapp.models import DirectKind, DirectMessage, Sender
from whatsapp.states import RecipientStatus


def add(business: Business, made: list[Appointment], sender: Sender, *, now: datetime) -> None:
    """Store what became of some reminders. They are off: the demo's number can't send."""
    fillings = {"header_1": "business_name", "1": "name", "2": "when", "3": "calendar"}
    chosen = ReminderChoices(
        business=business, template="appointment_tomorrow", second_hours=HoursBefore.TWO, fillings=fillings,
        calls_unreached=True,
    )  # fmt: skip
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
        if result == ReminderResult.NO_NUMBER:
            _call(appointment, at=at)
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


def _call(appointment: Appointment, *, at: datetime) -> None:
    """Store that the person was called, twice: the line was busy first."""
    for try_number, state in enumerate((OutgoingState.BUSY, OutgoingState.TALKED), start=1):
        asked_at = at + timedelta(minutes=try_number)
        OutgoingCall.objects.create(
            business=appointment.business, appointment=appointment, appointment_at=appointment.starts_at,
            number=appointment.number, who=appointment.name, try_number=try_number, state=state,
            basis=Basis.APPOINTMENT.value, asked_at=at, dialled_at=asked_at, ended_at=asked_at,
        )  # fmt: skip
