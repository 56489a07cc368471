"""In which time zones a telephone may be. Pure."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers import timezone

_UNKNOWN = "Etc/Unknown"


@lru_cache(maxsize=1000)
def zones_of(number: str, otherwise: str) -> tuple[ZoneInfo, ...]:
    """Returns the zones in which a number (E.164) may be: several for countries with several, if it doesn't tell.

    `otherwise`: the zone of a number of which nothing is known, like one of no country.
    """
    parsed = phonenumbers.parse(number)
    names = timezone.time_zones_for_number(parsed)
    if names == (_UNKNOWN,):  # a range that the tables don't know yet: by its first digits
        names = timezone.time_zones_for_geographical_number(parsed)
    found = [zone for name in names if name != _UNKNOWN and (zone := _zone(name))]
    return tuple(found) or (ZoneInfo(otherwise),)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):  # a zone that this machine's tables don't know
        return None
