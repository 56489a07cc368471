"""Telling callers what is booked for their number."""

from __future__ import annotations

import msgspec
from django.utils.translation import gettext_lazy as _

from businesses.calendar.plan import next_appointments
from calls.tools import appointment_words as words
from calls.tools.kinds import Context, Outcome, Tool


class Nothing(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """No arguments: it is about the number that the call comes from."""


def look_up(context: Context, _nothing: Nothing) -> Outcome:
    """Return the appointments that are booked for the caller's number, from now on."""
    zone = words.zone_of(context)
    own = next_appointments(context.business, context.caller_number, now=context.now)
    told = {
        "now": words.said(context.now, zone)["say"],
        "appointments": [words.appointment_told(each, zone) for each in own],
    }
    return Outcome("found" if own else "no_appointment", told)


TOOL = Tool(
    name="own_appointments",
    title=_("Tell callers their appointments"),
    help_text=_("When somebody asks what is booked: for the number from which they call, and for no other."),
    description="Find out which appointments are booked for the number of this call.",
    arguments=Nothing,
    run=look_up,
    outcomes={"found": _("Appointments found"), "no_appointment": words.REFUSALS["no_appointment"]},
    is_offered=words.has_services,
    changes_nothing=True,
    is_on_at_first=True,
)
