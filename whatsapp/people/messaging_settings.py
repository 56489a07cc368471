"""How a business wants to message, with defaults for one that never said."""

from __future__ import annotations

import phonenumbers

from businesses.models import Business
from whatsapp.models import MessagingSettings


def settings_of(business: Business) -> MessagingSettings:
    """The business's settings; the defaults (unsaved) if it has none."""
    return MessagingSettings.objects.filter(business=business).first() or MessagingSettings(business=business)


def region_of(business: Business) -> str | None:
    """The country of numbers without a country code: what was set, else that of the business's own number."""
    region = settings_of(business).region
    if region:
        return region.upper()
    own = business.phone_numbers.order_by("pk").first()
    return phonenumbers.region_code_for_number(phonenumbers.parse(own.number)) if own else None
