"""The form field of a time zone: a choice, by part of the world."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _

from businesses.validators import NO_SUCH_ZONE

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_PARTS: dict[str, _StrPromise] = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic Ocean"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific Ocean"),
}
_UTC = ("UTC", lazystr("UTC"))


class TimeZoneField(forms.ChoiceField):
    """A time zone of the IANA database. `stored` can be chosen though it is a name of old, like "Israel"."""

    def __init__(self, *, stored: str, **options: Any) -> None:
        choices = [*_choices(), _UTC]
        if stored and stored not in {"UTC", *_zones()}:
            choices = [(stored, lazystr(stored)), *choices]
        widget = forms.Select(attrs={"lang": "en", "dir": "ltr"})  # cities have English names in every language
        super().__init__(choices=choices, widget=widget, **options)
        self.error_messages["invalid_choice"] = NO_SUCH_ZONE


def _choices() -> Iterator[tuple[_StrPromise, list[tuple[str, str]]]]:
    for part, zones in groupby(_zones(), key=lambda zone: zone.partition("/")[0]):
        yield _PARTS[part], [(zone, zone.partition("/")[2].replace("_", " ")) for zone in zones]


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(zone for zone in available_timezones() if zone.partition("/")[0] in _PARTS and "/" in zone))
