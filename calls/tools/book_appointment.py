"""Booking an appointment for the caller."""

from __future__ import annotations

from typing import Annotated

import msgspec
from django.utils.translation import gettext_lazy as _

from businesses.calendar import booking
from businesses.calendar.booking import Guest
from businesses.errors import SlotNotOffered, SlotTaken
from businesses.models import Appointment, AppointmentStatus
from businesses.phone_numbers import NotDialable, dialable_e164
from businesses.validators import one_line
from calls.models import ToolRun
from calls.tools import appointment_words as words
from calls.tools.kinds import Context, Outcome, Tool


class Wanted(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The appointment that the caller has agreed to."""

    start: words.Start
    name: Annotated[str, msgspec.Meta(description="The caller's name.", min_length=1, max_length=120)]
    service: Annotated[str, msgspec.Meta(description="What is booked.", max_length=80)] = ""
    with_whom: words.WithWhom = ""
    note: Annotated[str, msgspec.Meta(description="What the business should know.", max_length=500)] = ""
    remind: Annotated[bool, msgspec.Meta(description="True only if they said yes to a reminder by WhatsApp.")] = False
    number: Annotated[
        str, msgspec.Meta(description="Only if the number of this call is withheld: theirs.", max_length=32)
    ] = ""


def book(context: Context, wanted: Wanted) -> Outcome:
    """Book it, or say truthfully that it is taken, with the next free times."""
    zone = words.zone_of(context)
    start = words.moment_of(wanted.start, zone)
    service = words.service_named(context, wanted.service)
    calendars = words.calendars_named(context, service, wanted.with_whom)
    guest = Guest(
        one_line(wanted.name),
        context.caller_number or _number(context, wanted),
        one_line(wanted.note),
        agrees_to_reminder=wanted.remind and bool(context.caller_number),  # for nobody else's number
    )
    try:
        made = booking.book(
            context.business,
            service,
            guest,
            start=start,
            now=context.now,
            calendar=calendars[0] if calendars else None,
            call=context.call.pk,
        )
    except (SlotTaken, SlotNotOffered) as error:
        raise words.refused(error, zone) from error
    return Outcome("booked", {**words.appointment_told(made, zone), "then": "Confirm day, time and service."})


def is_booked(context: Context, run: ToolRun) -> bool:
    """Returns whether what was booked is neither moved nor cancelled since."""
    made = Appointment.objects.filter(
        business=context.business,
        call=context.call.pk,
        name=one_line(run.arguments["name"]),
        starts_at=words.moment_of(run.told["start"], words.zone_of(context)),
        status=AppointmentStatus.BOOKED,
    )
    return made.exists()


def _number(context: Context, wanted: Wanted) -> str:
    """Returns the number that was said, if it is one; without it the appointment has none."""
    try:
        return dialable_e164(wanted.number, context.business.region()) if wanted.number.strip() else ""
    except NotDialable:
        return ""


TOOL = Tool(
    name="book_appointment",
    title=_("Book an appointment"),
    help_text=_("The caller gets an appointment at a free time. You see it among the appointments at once."),
    description=(
        "Book an appointment at a time that find_slots gave and the caller has agreed to. "
        "Ask for the caller's name first."
    ),
    arguments=Wanted,
    run=book,
    outcomes={"booked": _("Appointment booked"), **words.REFUSALS},
    is_offered=words.has_services,
    still_holds=is_booked,
    is_on_at_first=True,
)
