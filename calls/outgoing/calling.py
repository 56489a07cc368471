"""What an assistant knows of a call that it makes, read when the call's stream opens."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from businesses.models import Business
from calls.known import Calling, Known
from calls.models import Call, OutgoingCall
from calls.outgoing import reminding, words
from calls.outgoing.choices import choices_of
from calls.tools.appointment_words import appointment_told


def as_called(business: Business, call: Call, known: Known) -> tuple[Business, Known, bool]:
    """Returns the business with its first words to this person, what is known, and whether the words may be recorded.

    Expects the business to be set. Whether the business is closed says nothing of a call that it makes.
    """
    rows = OutgoingCall.objects.select_related("appointment__service", "appointment__calendar")
    row = rows.filter(call=call).first() or OutgoingCall(business=business)
    who, is_reminder, choices = row.who, row.is_reminder, choices_of(business)
    first = words.first_words(business, choices, who=who, is_reminder=is_reminder)
    told = Calling(who, row.about, is_reminder=is_reminder, appointment=_booked(business, row))
    known = replace(known, is_closed=False, calling=told)
    return words.as_calling(business, first), known, words.can_be_rendered(choices, who, is_reminder=is_reminder)


def _booked(business: Business, row: OutgoingCall) -> str:
    """Returns the appointment of which the call reminds, for the model; "" if it was moved or cancelled meanwhile."""
    appointment = row.appointment
    if appointment is None or not reminding.is_as_it_was(row, appointment):
        return ""
    told = appointment_told(appointment, ZoneInfo(business.time_zone))
    return f"{told['service']}, {told['say']}, with {told['with']}"
