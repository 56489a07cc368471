"""What an appointment's page shows of the calls that reminded of it (`businesses/reminder_calls.py`)."""

from __future__ import annotations

from django.urls import reverse

from businesses.models import Appointment, Business
from businesses.reminder_calls import ReminderCall
from calls.models import OutgoingCall
from calls.outgoing.choices import choices_of
from calls.pages import outgoing_words


class ReminderCalls:
    """The calls of the assistant, as pages of appointments ask for them."""

    def is_on(self, business: Business) -> bool:
        """Returns whether an owner has switched outgoing calls on."""
        return choices_of(business).enabled

    def calls_about(self, appointment: Appointment) -> list[ReminderCall]:
        """Returns the calls about an appointment, with those of earlier times of it."""
        business = appointment.business
        rows = OutgoingCall.objects.filter(business=business, appointment=appointment).order_by(
            "asked_at", "try_number"
        )
        return [
            ReminderCall(
                row.dialled_at or row.asked_at,
                row.appointment_at,
                row.get_state_display(),
                outgoing_words.badge(row),
                outgoing_words.reason(row),
                reverse("call", args=[business.slug, row.call_id]) if row.call_id else "",
            )
            for row in rows
            if row.appointment_at is not None
        ]
