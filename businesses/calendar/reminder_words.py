"""The values of a reminder's template, in the template's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from businesses.known_people import people_with
from businesses.models import Appointment, Filling, PhoneNumber

_MEANT: Final[Mapping[str, Filling]] = {
    "name": Filling.NAME,
    "first_name": Filling.NAME,
    "customer_name": Filling.NAME,
    "service": Filling.SERVICE,
    "date": Filling.DAY,
    "day": Filling.DAY,
    "time": Filling.TIME,
    "when": Filling.WHEN,
    "calendar": Filling.CALENDAR,
    "business": Filling.BUSINESS,
    "business_name": Filling.BUSINESS,
    "phone": Filling.PHONE,
}


def guessed(variables: Sequence[str]) -> dict[str, str]:
    """Returns what the names of a template's values mean, of those that mean something."""
    return {name: _MEANT[name.lower()].value for name in variables if name.lower() in _MEANT}


def values_of(appointment: Appointment, fillings: Mapping[str, str], language: str) -> dict[str, str]:
    """Returns the values by the names of the template. One that is not known is empty, and the template refused."""
    spoken = language.partition("_")[0]
    is_ours = spoken in dict(settings.LANGUAGES)
    with translation.override(spoken if is_ours else appointment.business.language):
        return {name: " ".join(_value(appointment, filling).split()) for name, filling in fillings.items()}


def _value(appointment: Appointment, filling: str) -> str:
    local = appointment.starts_at.astimezone(ZoneInfo(appointment.business.time_zone))
    day, clock = date_format(local, "l, j F"), date_format(local, "H:i")
    known = {
        Filling.NAME: lambda: appointment.name or _known_name(appointment),
        Filling.SERVICE: lambda: appointment.service.name,
        Filling.WHEN: lambda: _("%(day)s, %(time)s") % {"day": day, "time": clock},
        Filling.DAY: lambda: day,
        Filling.TIME: lambda: clock,
        Filling.CALENDAR: lambda: appointment.calendar.name,
        Filling.BUSINESS: lambda: appointment.business.name,
        Filling.PHONE: lambda: _phone(appointment),
    }
    return known[Filling(filling)]() if filling in Filling.values else ""


def _phone(appointment: Appointment) -> str:
    numbers = PhoneNumber.objects.filter(business=appointment.business, is_active=True).order_by("pk")
    return numbers.values_list("number", flat=True).first() or ""


def _known_name(appointment: Appointment) -> str:
    person = people_with(appointment.business, [appointment.number]).get(appointment.number)
    return person.name if person else ""
