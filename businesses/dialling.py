"""What may be dialled: the one rule for the fallback number, transfers, take-overs and whatever dials later. Pure.

A dialled minute is paid by whoever runs the installation, and the ways to earn on other people's calls (premium
services, shared-cost and personal numbers, satellite telephones, far countries that pay for incoming calls) are old.
So the rule names what may be dialled, by the type that Google's tables know of a number (`phonenumbers`) and by a
list of countries, and refuses the rest. Numbers of the installation itself are refused too: two businesses that ring
each other would call in circles. `Business.dial_refusal` joins the three.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from businesses.phone_numbers import NotDialable, dialable_e164

ORDINARY = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.TOLL_FREE,
    }
)
"""Not among them: premium rate, shared cost, personal numbers (sold like premium ones), pagers, UAN, voicemail."""
COSTLY_STARTS = ("+9721700", "+9721599", "+9721900", "+4470", "+4484", "+4487", "+449", "+1500", "+1700", "+1900")
"""Ranges that cost more by their country's own plan. They hold, whatever a later version of the tables says."""
_NANP, _NANP_PREMIUM = 1, "976"
"""North America's premium exchange exists in every area code; to the tables its numbers are ordinary."""
_KNOWN_DIGITS, _VARIED_DIGITS = 2, 2


class DialRefusal(StrEnum):
    """Why a number is not dialled, as it is stored. The second group depends on the moment of dialling."""

    NOT_A_NUMBER = "not_a_number"
    COSTLY = "costly"
    COUNTRY = "country"
    OURS = "ours"

    NO_MINUTES = "no_minutes"
    DAY_LIMIT = "day_limit"
    ALL_BUSY = "all_busy"


def refusal_of(number: str, countries: Collection[str]) -> DialRefusal | None:
    """Returns why a number (E.164) may not be dialled; None if it may.

    `countries`: ISO 3166 codes like IL. Numbers of no country (+800, satellites, +979) are on no such list.
    """
    try:
        if dialable_e164(number) != number:
            return DialRefusal.NOT_A_NUMBER
    except NotDialable:
        return DialRefusal.NOT_A_NUMBER
    parsed = phonenumbers.parse(number)
    if number.startswith(COSTLY_STARTS) or _is_north_american_premium(parsed):
        return DialRefusal.COSTLY
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.UNKNOWN:
        return _by_neighbours(number, frozenset(countries))
    if kind not in ORDINARY:
        return DialRefusal.COSTLY
    # Some ranges belong to several countries: +1 800 is America's and Canada's, Finland's mobiles are Åland's too.
    is_allowed = any(phonenumbers.is_valid_number_for_region(parsed, country) for country in countries)
    return None if is_allowed else DialRefusal.COUNTRY


def _is_north_american_premium(number: PhoneNumber) -> bool:
    national = phonenumbers.national_significant_number(number)
    return number.country_code == _NANP and national[3:6] == _NANP_PREMIUM


@lru_cache(maxsize=1000)
def _by_neighbours(number: str, countries: frozenset[str]) -> DialRefusal | None:
    """Judge a number of a range that the tables don't know by the ranges beside it.

    Countries open ranges of mobile numbers faster than the tables learn of them: 050-1 lies among Israel's mobiles,
    so it is one. A single costly range beside it, or nothing that is known, refuses the number.
    """
    known = [(phonenumbers.number_type(each), phonenumbers.region_code_for_number(each)) for each in _beside(number)]
    found = {(kind, region) for kind, region in known if kind != PhoneNumberType.UNKNOWN}
    if not found or any(kind not in ORDINARY for kind, _region in found):
        return DialRefusal.COSTLY
    return None if all(region in countries for _kind, region in found) else DialRefusal.COUNTRY


def _beside(number: str) -> Iterator[PhoneNumber]:
    parsed = phonenumbers.parse(number)
    national = phonenumbers.national_significant_number(parsed)
    start, rest = national[:_KNOWN_DIGITS], national[_KNOWN_DIGITS + _VARIED_DIGITS :]
    for varied in range(10**_VARIED_DIGITS):
        yield phonenumbers.parse(f"+{parsed.country_code}{start}{varied:0{_VARIED_DIGITS}}{rest}")


WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253", "+464"})
"""What Twilio writes for callers who show no number: "anonymous", "restricted" and the like on a telephone's keys."""


def can_be_shown(caller_number: str) -> bool:
    """Returns whether the caller's number can be shown to whom a call is passed on. A withheld one can't."""
    if caller_number in WITHHELD:
        return False
    try:
        return dialable_e164(caller_number) == caller_number
    except NotDialable:
        return False


def countries_in(written: str) -> list[str]:
    """Returns the codes of a list like "IL, US", without words that are no country."""
    return list(dict.fromkeys(code for code in _codes(written) if code in phonenumbers.SUPPORTED_REGIONS))


def no_country_in(written: str) -> str | None:
    """Returns the first word of such a list that is no country; None if there is none."""
    return next((code for code in _codes(written) if code not in phonenumbers.SUPPORTED_REGIONS), None)


def _codes(written: str) -> list[str]:
    return written.upper().replace(",", " ").split()
