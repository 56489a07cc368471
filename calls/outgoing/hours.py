"""When a person may be called by a business, from what the owner has chosen. Expects the business to be set."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from businesses.hours import hours_of
from businesses.models import Business
from calls.models import OutgoingChoices
from calls.outgoing.rules import Hours
from calls.outgoing.zones import zones_of


def hours_for(business: Business, choices: OutgoingChoices, number: str) -> Hours:
    """Returns when the person with this number may be called by this business."""
    hours = hours_of(business) if choices.only_on_open_days else None

    def is_off(day: date) -> bool:
        return hours is not None and not hours.intervals(day)

    own = (choices.earliest, choices.latest)
    return Hours(zones_of(number, business.time_zone), own, ZoneInfo(business.time_zone), is_off)
