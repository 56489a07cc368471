"""Phone numbers as people write them, converted to E.164. No database, no clock."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, number_type, timezone
from phonenumbers.phonenumberutil import region_code_for_country_code

from businesses.phone_numbers import can_be_dialled, has_length_of_mobiles
from whatsapp.errors import ReasonedError
from whatsapp.people.number_forms import forms
from whatsapp.people.plain_numbers import plain_number
from whatsapp.reasons import Cause

_SPACE_MARKS = range(0xFE00, 0xFE10)
"""Variation selectors: they are invisible, as the format characters (Cf) are that set directions around numbers."""
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63"), "-")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_QUOTES = "'\"`\u00b4\u2018\u2019\u201c\u201d\u05f3\u05f4"
"""Signs around a number: an apostrophe keeps a spreadsheet from reading it as a sum."""
_PREFIX = re.compile(r"^(?:tel|whatsapp|p):", re.IGNORECASE)  # p: is how Facebook's lists of leads write a phone
_LINK = re.compile(
    r"^(?:https?://)?(?:www\.)?(?:wa\.me/|api\.whatsapp\.com/send/?\?phone=)(?:\+|%2B)?(\d+)/?(?:[?&#].*)?$",
    re.IGNORECASE,
)
_QUOTED_FORMULA = re.compile(r'^="([^"]*)"$')  # how spreadsheets are told to keep a number as text
_ALLOWED = re.compile(r"^\+?[\d\s().\-/]+$")
_SLASH = re.compile(r"^(\+?[\d\s().\-]+)/([\d\s.\-]+)$")
_DATE = re.compile(r"^(?:\d{4}([./-])\d{1,2}\1\d{1,2}|\d{1,2}([./-])\d{1,2}\2\d{2,4})(?:[ T]+\d{1,2}:\d{2}.*)?$")
_SHORTENED = re.compile(r"^\d(?:[.,]\d+)?E\+?\d+$", re.IGNORECASE)
_WHOLE_FLOAT = re.compile(r"^(\d{7,15})\.0+$")
_LONGEST = 100
"""Characters: more are no number, and need not be looked at one by one."""
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_SERVICES = (
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.PAGER,
    PhoneNumberType.VOICEMAIL,
)
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

    International means: with a plus, with 00, or a link to WhatsApp. Without these a number is of `region`: nothing
    that merely has enough digits (a date, an identity number) is taken for a number of some country.

    Raises:
        NotANumber: the text is no phone number; the reason says why.
    """
    plain = plain_number(text, region)
    return Phone(*plain) if plain else by_the_tables(text, region)


def by_the_tables(text: str, region: str | None) -> Phone:
    """Read a number as `to_e164` does, whatever it looks like. Raises `NotANumber`."""
    digits = _tidy(text)
    if digits.startswith("+"):
        return _phone(_dialable(_parse(digits, None, text)))
    if not region:
        return _phone(_international(digits, text))
    number = _parse(digits, region, text)
    kind = number_type(number)
    if kind in _SERVICES:
        raise NotANumber(Cause.NUMBER_OF_A_SERVICE, text=_shown(text))
    if not _is_of_region(number, kind, re.sub(r"\D", "", digits), region):
        raise NotANumber(Cause.NOT_OF_REGION, text=_shown(text), region=region)
    return _phone(number)


def _international(digits: str, text: str) -> PhoneNumber:
    """Returns a whole number that only lost its plus; without a region it can't be read in another way.

    Raises:
        NotANumber: it can't be the number of a mobile in any country.
    """
    bare = re.sub(r"\D", "", digits)
    number = _parse(f"+{bare}", None, text) if len(bare) >= 11 and not bare.startswith("0") else None
    region = phonenumbers.region_code_for_country_code(number.country_code or 0) if number else ""
    if number is None or not (number_type(number) in _MOBILE or _begins_as_mobile(str(number.national_number), region)):
        raise NotANumber(Cause.NO_COUNTRY_CODE, text=_shown(text))
    return _dialable(number)


def _dialable(number: PhoneNumber) -> PhoneNumber:
    """Returns the number in the first of its forms that a telephone may have. Raises `NotANumber`."""
    if can_be_dialled(number):
        return number
    others = (_parse(form, None) for form in forms(_e164(number)))
    found = next(filter(can_be_dialled, others), None)
    if found is None:
        raise NotANumber(Cause.WRONG_DIGITS, number=_e164(number))
    return found


def _is_of_region(number: PhoneNumber, kind: int, digits: str, region: str) -> bool:
    """Returns whether these digits are a number of the region. A mobile's may have lost its leading zero.

    Other numbers without their zero are refused: eight or nine digits can be a date or an identity number too.
    """
    if number.country_code != phonenumbers.country_code_for_region(region):
        return can_be_dialled(number)  # it began with the prefix of calls abroad
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    is_bare = metadata is not None and metadata.national_prefix == "0" and digits == str(number.national_number)
    if kind != PhoneNumberType.UNKNOWN:  # the tables know its range
        return not is_bare or kind in _MOBILE
    return has_length_of_mobiles(number) and _begins_as_mobile(str(number.national_number), region)


@lru_cache(maxsize=1024)
def _begins_as_mobile_prefix(start: str, length: int, region: str) -> bool:
    rest = length - len(start)
    numbers = (phonenumbers.parse(f"{start}{str(digit) * rest}", region) for digit in range(10))
    return any(number_type(number) in _MOBILE for number in numbers)


def _begins_as_mobile(national: str, region: str) -> bool:
    """Returns whether other mobiles begin thus: countries open new ranges faster than the tables learn of them."""
    return len(national) > 4 and _begins_as_mobile_prefix(national[:2], len(national), region)


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
    """Returns the digits and separators of one number, with a plus if it is international. Raises `NotANumber`."""
    if len(text) > _LONGEST:
        raise NotANumber(Cause.NOT_ONE_NUMBER, text=_shown(text))
    if not text.isascii():
        text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf" and ord(sign) not in _SPACE_MARKS)
        text = text.translate(_FULL_WIDTH).translate(_DASHES)
    text = text.strip()
    quoted = _QUOTED_FORMULA.match(text)
    written = (quoted[1] if quoted else text).strip(_QUOTES).strip()
    written = _PREFIX.sub("", written).strip()
    if link := _LINK.match(written):
        written = f"+{link[1]}"
    if not written:
        raise NotANumber(Cause.NUMBER_MISSING)
    if _SHORTENED.match(written):
        raise NotANumber(Cause.NUMBER_SHORTENED, text=_shown(text))
    if is_date(written):
        raise NotANumber(Cause.NUMBER_IS_A_DATE, text=_shown(text))
    whole = _WHOLE_FLOAT.match(written)
    written = whole[1] if whole else written
    if not written.isascii():  # other scripts' digits, like Arabic ones
        written = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in written)
    if not _ALLOWED.match(written) or ("/" in written and not _is_area_and_number(written)):
        raise NotANumber(Cause.NOT_ONE_NUMBER, text=_shown(text))
    bare = re.sub(r"\D", "", written)
    return f"+{bare[2:]}" if bare.startswith("00") and not written.startswith("+") else written


def is_date(written: str) -> bool:
    """Returns whether a text is a date: three numbers that can be day, month and year in some order."""
    if not _DATE.match(written):
        return False
    numbers = sorted(int(number) for number in re.findall(r"\d+", written)[:3])
    return 1 <= numbers[0] <= 12 and 1 <= numbers[1] <= 31 and (numbers[2] <= 99 or 1900 <= numbers[2] <= 2100)


def _is_area_and_number(written: str) -> bool:
    """Returns whether a slash stands between the code of an area and a number within it, as in 030/1234567."""
    parts = _SLASH.match(written)
    before, after = (len(re.sub(r"\D", "", part)) for part in parts.groups()) if parts else (0, 0)
    return 2 <= before <= 6 and after >= 5


def _parse(text: str, region: str | None, written: str = "") -> PhoneNumber:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise NotANumber(Cause.NOT_A_NUMBER, text=_shown(written or text)) from None


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _phone(number: PhoneNumber) -> Phone:
    code = number.country_code or 0
    several = len(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ())) > 1
    found = phonenumbers.region_code_for_number(number) if several else None
    country = found or region_code_for_country_code(code)
    return Phone(_e164(number), country if len(country) == 2 and country != "ZZ" else "")


def _shown(text: str) -> str:
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"
