"""Finding free times for an appointment."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated

import msgspec
from django.utils.translation import gettext_lazy as _

from businesses.calendar import reminders
from businesses.calendar.offers import free_slots
from calls.tools import appointment_words as words
from calls.tools.kinds import Context, Outcome, Tool

MOST = 6


class Wanted(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the caller wants; empty texts for what they have not said."""

    service: Annotated[str, msgspec.Meta(description="What the caller wants to book.", max_length=80)] = ""
    day: Annotated[
        str, msgspec.Meta(description="The first day that suits, like 2026-12-01; empty: from now on.", max_length=40)
    ] = ""
    from_time: Annotated[str, msgspec.Meta(description="The earliest time on that day, like 14:00.", max_length=8)] = ""
    with_whom: words.WithWhom = ""


def find(context: Context, wanted: Wanted) -> Outcome:
    """Return the first free times, and what today is: the model must not reckon with another date."""
    zone = words.zone_of(context)
    service = words.service_named(context, wanted.service)
    calendars = words.calendars_named(context, service, wanted.with_whom)
    day = words.day_of(wanted.day)
    first = datetime.combine(day, _time(wanted.from_time), tzinfo=zone) if day else None
    slots = free_slots(context.business, service, now=context.now, calendars=calendars, first=first, most=MOST)
    today = words.said(context.now, zone)
    told = {"now": today["say"], "service": service.name, "minutes": service.minutes}
    if not slots:
        until = words.said(context.now + timedelta(days=service.ahead_days), zone)["say"]
        return Outcome("none_free", {**told, "say": f"Nothing is free until {until}. Offer to take a message."})
    say = "Offer two or three of these."
    if context.caller_number and reminders.are_on(context.business):
        say += " Before you book, ask whether they want to be reminded by WhatsApp."
    return Outcome("found", {**told, "free": words.slots_told(slots, zone), "say": say})


def _time(written: str) -> time:
    try:
        return time.fromisoformat(written.strip().zfill(5))
    except ValueError:
        return time(0)


TOOL = Tool(
    name="find_slots",
    title=_("Find free times"),
    help_text=_("The assistant looks which times of a service are free, in the calendars that offer it."),
    description="Find free times for an appointment, before you offer or book any. Never invent times.",
    arguments=Wanted,
    run=find,
    outcomes={"found": _("Free times found"), "none_free": _("Nothing was free"), **words.REFUSALS},
    is_offered=words.has_services,
    changes_nothing=True,
    is_on_at_first=True,
)
