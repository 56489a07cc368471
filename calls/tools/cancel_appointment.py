"""Cancelling the caller's own appointment."""

from __future__ import annotations

import msgspec
from django.utils.translation import gettext_lazy as _

from businesses.calendar import booking
from businesses.calendar.plan import next_appointments
from businesses.errors import SlotNotOffered
from calls.models import ToolRun
from calls.tools import appointment_words as words
from calls.tools.kinds import Context, Outcome, Tool


class Wanted(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Which appointment is meant."""

    which: words.Which = ""


def cancel(context: Context, wanted: Wanted) -> Outcome:
    """Cancel it, or say why that can't be done by phone."""
    zone = words.zone_of(context)
    own = words.own_appointment(context, wanted.which)
    try:
        booking.cancel(own, now=context.now, by_caller=True)
    except SlotNotOffered as error:
        raise words.refused(error, zone) from error
    return Outcome("cancelled", {**words.appointment_told(own, zone), "then": "Confirm that it is cancelled."})


def is_gone(context: Context, run: ToolRun) -> bool:
    """Returns whether the caller can't mean an appointment that was made, or moved there, since.

    Without `which` there was only one, so that any that there is now is such a one.
    """
    if run.arguments["which"].strip():
        return not words.owns_one_at(context, run.told["start"])
    return not next_appointments(context.business, context.caller_number, now=context.now)


TOOL = Tool(
    name="cancel_appointment",
    title=_("Cancel an appointment"),
    help_text=_("Callers cancel an appointment of their own: one that is booked for the number from which they call."),
    description="Cancel the caller's own appointment, once the caller has confirmed that this is wanted.",
    arguments=Wanted,
    run=cancel,
    outcomes={"cancelled": _("Appointment cancelled"), **words.REFUSALS},
    is_offered=words.has_services,
    still_holds=is_gone,
    is_on_at_first=True,
)
