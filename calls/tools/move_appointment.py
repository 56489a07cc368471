"""Moving the caller's own appointment to another time."""

from __future__ import annotations

import msgspec
from django.utils.translation import gettext_lazy as _

from businesses.calendar import booking
from businesses.errors import SlotNotOffered, SlotTaken
from calls.models import ToolRun
from calls.tools import appointment_words as words
from calls.tools.kinds import Context, Outcome, Tool


class Wanted(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The new time, and which appointment is meant."""

    to: words.Start
    which: words.Which = ""
    with_whom: words.WithWhom = ""


def move(context: Context, wanted: Wanted) -> Outcome:
    """Move it, or leave it where it is and say why, with the next free times."""
    zone = words.zone_of(context)
    start = words.moment_of(wanted.to, zone)
    own = words.own_appointment(context, wanted.which)
    calendars = words.calendars_named(context, own.service, wanted.with_whom)
    before = words.said(own.starts_at, zone)["say"]
    try:
        moved = booking.move(
            own, start=start, now=context.now, calendar=calendars[0] if calendars else None, by_caller=True
        )
    except (SlotTaken, SlotNotOffered) as error:
        raise words.refused(error, zone) from error
    return Outcome("moved", {"from": before, **words.appointment_told(moved, zone), "then": "Confirm the new time."})


def is_there(context: Context, run: ToolRun) -> bool:
    """Returns whether the appointment is still where it was moved to."""
    return words.owns_one_at(context, run.told["start"])


TOOL = Tool(
    name="move_appointment",
    title=_("Move an appointment"),
    help_text=_("Callers move an appointment of their own: one that is booked for the number from which they call."),
    description="Move the caller's own appointment to a time that find_slots gave and the caller has agreed to.",
    arguments=Wanted,
    run=move,
    outcomes={"moved": _("Appointment moved"), **words.REFUSALS},
    is_offered=words.has_services,
    still_holds=is_there,
    is_on_at_first=True,
)
