"""Phone numbers as people write them, and as they are stored: E.164, like +972501234567."""

from __future__ import annotations

import phonenumbers


class NotAPhoneNumber(ValueError):
    """What was written can't be a phone number, or its country is unclear."""


def to_e164(written: str, region: str | None = None) -> str:
    """Read a number in any usual notation; `region` (ISO 3166, like IL) is the country of one without a +.

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
    """The country (ISO 3166) of a number in E.164; None for numbers of no country, like +800."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return None if region == "001" else region
