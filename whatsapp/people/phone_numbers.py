"""Phone numbers as people write them, converted to E.164. No database, no clock."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, timezone
from phonenumbers.phonenumberutil import region_code_for_country_code

from businesses.phone_numbers import can_be_dialled
from whatsapp.errors import ReasonedError
from whatsapp.reasons import Cause

_MARKS = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")  # invisible: direction marks around numbers
_PREFIX = re.compile(r"^(?:tel|whatsapp):", re.IGNORECASE)
_QUOTED_FORMULA = re.compile(r'^="([^"]*)"$')  # how spreadsheets are told to keep a number as text
_ALLOWED = re.compile(r"^\+?[\d\s().\-/\u2010-\u2015]+$")
_SHORTENED = re.compile(r"^\d(?:[.,]\d+)?E\+?\d+$", re.IGNORECASE)
_WHOLE_FLOAT = re.compile(r"^(\d{7,15})\.0+$")
_UNKNOWN = "Etc/Unknown"
_BSUID = re.compile(r"^[A-Z]{2}\.[A-Za-z0-9]{1,128}$")


class NotANumber(ReasonedError, ValueError):
    """The text is not a phone number; the reason says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164, and its country in two letters ("" if unknown)."""

    e164: str
    country: str


def to_e164(text: str, region: str | None) -> Phone:
    """Read a number of a file in international form, or in the local form of `region` (two letters, like IL).

    `businesses.phone_numbers.can_be_dialled` decides which numbers are accepted, here and everywhere else.

    Raises:
        NotANumber: the text is no phone number; the reason says why.
    """
    digits = _tidy(text)
    if digits.startswith("+"):
        number = _parse(digits, None)
        if not can_be_dialled(number):
            raise NotANumber(Cause.WRONG_DIGITS, number=_e164(number))
        return _phone(number)
    if region:
        number = _parse(digits, region)
        if can_be_dialled(number):
            return _phone(number)
    bare = re.sub(r"\D", "", digits)
    if len(bare) >= 11 and not bare.startswith("0"):  # an international number that lost its plus sign
        number = _parse(f"+{bare}", None)
        if can_be_dialled(number):
            return _phone(number)
    if not region:
        raise NotANumber(Cause.NO_COUNTRY_CODE, text=_shown(text))
    raise NotANumber(Cause.NOT_OF_REGION, text=_shown(text), region=region)


def is_bsuid(text: str) -> bool:
    """Returns whether this is one of WhatsApp's business-scoped user ids, like US.13491208655302741918."""
    return bool(_BSUID.match(text))


def zone_of(e164: str) -> str | None:
    """Returns the time zone of a number: that of its area if the number tells it, else that of its country.

    For a country with several zones it is the middle one, so that the error is at most half the country's width.
    """
    try:
        return _zone_of_prefix(e164[:8].ljust(len(e164), "0"))
    except NotANumber:
        return None


@lru_cache(maxsize=1024)
def _zone_of_prefix(number: str) -> str | None:
    zones = [zone for zone in timezone.time_zones_for_geographical_number(_parse(number, None)) if zone != _UNKNOWN]
    if not zones:
        return None
    winter = datetime(2026, 1, 15)  # noqa: DTZ001 - any day outside summer time will do
    return sorted(zones, key=lambda zone: (ZoneInfo(zone).utcoffset(winter), zone))[len(zones) // 2]


def _tidy(text: str) -> str:
    text = _MARKS.sub("", text).strip()
    text = _PREFIX.sub("", text).strip()
    quoted = _QUOTED_FORMULA.match(text)
    if quoted:
        text = quoted[1].strip()
    if not text:
        raise NotANumber(Cause.NUMBER_MISSING)
    if _SHORTENED.match(text):
        raise NotANumber(Cause.NUMBER_SHORTENED, text=_shown(text))
    whole = _WHOLE_FLOAT.match(text)
    text = whole[1] if whole else text
    if not text.isascii():  # other scripts' digits, like Arabic ones
        text = "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in text)
    if not _ALLOWED.match(text):
        raise NotANumber(Cause.NOT_ONE_NUMBER, text=_shown(text))
    return text


def _parse(text: str, region: str | None) -> PhoneNumber:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise NotANumber(Cause.NOT_A_NUMBER, text=_shown(text)) from None


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _phone(number: PhoneNumber) -> Phone:
    country = phonenumbers.region_code_for_number(number) or region_code_for_country_code(number.country_code or 0)
    return Phone(_e164(number), country if len(country) == 2 and country != "ZZ" else "")


def _shown(text: str) -> str:
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"
