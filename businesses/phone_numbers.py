"""Phone numbers as people write them, and as they are stored: E.164, like +972501234567."""

from __future__ import annotations

import phonenumbers


class NotAPhoneNumber(ValueError):
    """The text can't be a phone number, or its country is unknown."""


def to_e164(written: str, region: str | None = None) -> str:
    """Returns a number in E.164 from any usual notation; `region` (ISO 3166, like IL) is used without a +.

    Only the length and the country code are checked: numbering plans change faster than their lists.
    """
    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        raise NotAPhoneNumber(written) from None
    if not phonenumbers.is_possible_number(parsed) or parsed.extension:
        raise NotAPhoneNumber(written)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def region_of(number: str) -> str | None:
    """Returns the country (ISO 3166) of a number in E.164; None for numbers without a country, like +800."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return None if region == "001" else region
