"""What the tools of appointments share: times as the model writes and says them, and names as it heard them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from django.utils.translation import gettext_lazy as _

from businesses.calendar import booking
from businesses.calendar.offers import Slot
from businesses.calendar.plan import next_appointments
from businesses.errors import SlotNotOffered, SlotTaken
from businesses.models import Appointment, Business, Calendar, Service, ServiceCalendar
from businesses.prepared import Prepared
from businesses.tenancy import acting_for
from calls.tools.kinds import Context, ToolRefused

Start = Annotated[
    str, msgspec.Meta(description="The start as find_slots gives it, like 2026-12-01T10:00.", max_length=40)
]
Which = Annotated[
    str,
    msgspec.Meta(
        description="Only if the caller has several: the start of the one that is meant, like 2026-12-01T10:00.",
        max_length=40,
    ),
]
WithWhom = Annotated[
    str, msgspec.Meta(description="The person or room that the caller asks for; empty for anyone.", max_length=80)
]
REFUSALS = {
    "taken": _("The time was taken"),
    "not_offered": _("The time can't be booked"),
    "too_late": _("Too near to be changed by phone"),
    "too_many": _("The caller has enough appointments"),
    "bad_time": _("The time was not understood"),
    "no_such_service": _("No such service"),
    "no_such_calendar": _("Nobody of this name"),
    "no_appointment": _("The caller's number has no appointment"),
    "which_one": _("It was not clear which appointment"),
}
"""What each refusal means, for owners."""
_SAY = {
    "taken": "This time has just been taken or is not free. Say so, and offer the free ones.",
    "not_offered": "This time can't be booked. Say so, and offer the free ones.",
    "too_late": "It is too near to be changed by phone. Say so, and offer to take a message.",
    "too_many": "The caller has as many appointments as a number can book. Say so, and offer to take a message.",
    "cancelled": "This appointment is cancelled already.",
}

offers: Final = Prepared(
    lambda: ServiceCalendar.objects.filter(service__is_active=True, calendar__is_active=True).values_list("pk")[:1]
)
"""What `has_services` asks."""
NamedT = TypeVar("NamedT", Service, Calendar)


def has_services(business: Business) -> bool:
    """Returns whether anything can be booked at all."""
    with acting_for(business):
        return bool(offers.rows())


def zone_of(context: Context) -> ZoneInfo:
    """Returns the business's time zone."""
    return ZoneInfo(context.business.time_zone)


def said(moment: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Returns a time as tools take it, and as it is said."""
    local = moment.astimezone(zone)
    return {"start": f"{local:%Y-%m-%dT%H:%M}", "say": f"{local:%A}, {local.day} {local:%B}, {local:%H:%M}"}


def slots_told(slots: Iterable[Slot], zone: ZoneInfo) -> list[dict[str, str]]:
    """Returns free times for the model."""
    return [{**said(slot.start, zone), "with": slot.calendar.name} for slot in slots]


def appointment_told(appointment: Appointment, zone: ZoneInfo) -> dict[str, str]:
    """Returns an appointment for the model."""
    return {
        **said(appointment.starts_at, zone),
        "service": appointment.service.name,
        "with": appointment.calendar.name,
    }


def moment_of(written: str, zone: ZoneInfo) -> datetime:
    """Returns the moment that the model means; a time without a zone is the business's.

    Raises:
        ToolRefused: it is no time, or none of this century.
    """
    try:
        moment = datetime.fromisoformat(written.strip())
    except ValueError:
        moment = None
    if moment is None or not 2000 < moment.year < 2100:
        raise ToolRefused("bad_time", {"say": "Ask for the day and the time, and write them like 2026-12-01T10:00."})
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def day_of(written: str) -> date | None:
    """Returns a day like 2026-12-01; None for none.

    Raises:
        ToolRefused: it is no day of this century.
    """
    if not written.strip():
        return None
    try:
        day = date.fromisoformat(written.strip()[:10])
    except ValueError:
        day = None
    if day is None or not 2000 < day.year < 2100:
        raise ToolRefused("bad_time", {"say": "Ask for the day, and write it like 2026-12-01."})
    return day


def service_named(context: Context, name: str) -> Service:
    """Returns the service that is meant; the only one if there is only one.

    Raises:
        ToolRefused: there is none of this name; it names those that there are.
    """
    found = list(Service.objects.filter(business=context.business, is_active=True).exclude(offers=None))
    return _meant(found, name, "no_such_service", only=True)


def calendars_named(context: Context, service: Service, name: str) -> list[Calendar] | None:
    """Returns the calendar that is meant, alone in a list; None for any.

    Raises:
        ToolRefused: nobody of this name offers the service; it names those who do.
    """
    if not name.strip():
        return None
    offering = Calendar.objects.filter(business=context.business, offers__service=service, is_active=True)
    return [_meant(list(offering), name, "no_such_calendar")]


def own_appointment(context: Context, which: str) -> Appointment:
    """Returns the caller's appointment: found by the number of the call, and by nothing that is said.

    Raises:
        ToolRefused: there is none, or it is unclear which one is meant: there are several, or none at that time.
    """
    own = next_appointments(context.business, context.caller_number, now=context.now)
    if not own:
        raise ToolRefused(
            "no_appointment",
            {"say": "No appointment is booked for the number of this call. Say so, and offer to take a message."},
        )
    zone = zone_of(context)
    meant = [each for each in own if each.starts_at == moment_of(which, zone)] if which.strip() else own
    if len(meant) != 1:
        told = [appointment_told(each, zone) for each in meant or own]
        raise ToolRefused("which_one", {"appointments": told, "say": "Ask which of these is meant."})
    return meant[0]


def owns_one_at(context: Context, start: str) -> bool:
    """Returns whether an appointment that starts then is booked for the caller's number."""
    own = next_appointments(context.business, context.caller_number, now=context.now)
    return any(each.starts_at == moment_of(start, zone_of(context)) for each in own)


def refused(error: SlotTaken | SlotNotOffered, zone: ZoneInfo) -> ToolRefused:
    """Returns what the model is told when a time can't be had: the truth, and what is free."""
    code = "taken" if isinstance(error, SlotTaken) else str(error.reason)
    told: dict[str, Any] = {"say": _SAY[code]}
    if code in {"taken", booking.Reason.NOT_OFFERED}:
        told["free"] = slots_told(error.free, zone)
    return ToolRefused("not_offered" if code == booking.Reason.CANCELLED else code, told)


def _meant(found: Sequence[NamedT], name: str, code: str, *, only: bool = False) -> NamedT:
    wanted = " ".join(name.casefold().split())
    same = [each for each in found if each.name.casefold() == wanted]
    near = [each for each in found if wanted and (wanted in each.name.casefold() or each.name.casefold() in wanted)]
    for matching in (same, near, found if only and not wanted else []):
        if len(matching) == 1:
            return matching[0]
    raise ToolRefused(code, {"there_are": [each.name for each in found][:30], "say": "Ask which of these is meant."})
