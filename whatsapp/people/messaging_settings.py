"""A business's messaging settings, with defaults where none are stored."""

from __future__ import annotations

import phonenumbers

from businesses.models import Business
from whatsapp.models import MessagingSettings


def settings_of(business: Business) -> MessagingSettings:
    """Returns the business's settings; the defaults (unsaved) if it has none."""
    return MessagingSettings.objects.filter(business=business).first() or MessagingSettings(business=business)


def region_of(business: Business) -> str | None:
    """Returns the country of numbers without a country code: as set, or else that of the business's own number."""
    region = settings_of(business).region
    if region:
        return region.upper()
    own = business.phone_numbers.order_by("pk").first()
    return phonenumbers.region_code_for_number(phonenumbers.parse(own.number)) if own else None
