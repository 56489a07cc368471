"""A business's messaging settings, with defaults where none are stored."""

from __future__ import annotations

from businesses.models import Business
from whatsapp.models import MessagingSettings


def settings_of(business: Business) -> MessagingSettings:
    """Returns the business's settings; the defaults (unsaved) if it has none."""
    return MessagingSettings.objects.filter(business=business).first() or MessagingSettings(business=business)


def region_of(business: Business) -> str | None:
    """Returns the country of numbers without a country code: as set by the business, or guessed."""
    region: str | None = business.region()
    return region
