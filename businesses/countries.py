"""Countries by their two letters: their names in the reader's language, and which one a business's numbers are from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import phonenumbers
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from phonenumbers.tzdata import TIMEZONE_DATA

from businesses import countries_in_english, countries_in_hebrew

_LONGEST_CODE = 3
_NAMES = {
    "IL": _("Israel"), "US": _("United States"), "GB": _("United Kingdom"), "FR": _("France"), "DE": _("Germany"),
    "AE": _("United Arab Emirates"), "AR": _("Argentina"), "AT": _("Austria"), "AU": _("Australia"),
    "BE": _("Belgium"), "BG": _("Bulgaria"), "BR": _("Brazil"), "CA": _("Canada"), "CH": _("Switzerland"),
    "CL": _("Chile"), "CN": _("China"), "CO": _("Colombia"), "CY": _("Cyprus"), "CZ": _("Czechia"),
    "DK": _("Denmark"), "EG": _("Egypt"), "ES": _("Spain"), "ET": _("Ethiopia"), "FI": _("Finland"),
    "GE": _("Georgia"), "GR": _("Greece"), "HU": _("Hungary"), "IE": _("Ireland"), "IN": _("India"), "IT": _("Italy"),
    "JO": _("Jordan"), "JP": _("Japan"), "KR": _("South Korea"), "MA": _("Morocco"), "MX": _("Mexico"),
    "NG": _("Nigeria"), "NL": _("Netherlands"), "NO": _("Norway"), "NZ": _("New Zealand"), "PH": _("Philippines"),
    "PL": _("Poland"), "PS": _("Palestinian Territories"), "PT": _("Portugal"), "RO": _("Romania"), "RU": _("Russia"),
    "SE": _("Sweden"), "SG": _("Singapore"), "TH": _("Thailand"), "TR": _("Türkiye"), "UA": _("Ukraine"),
    "ZA": _("South Africa"),
}  # fmt: skip
_OF_LANGUAGE = {"he": "IL"}
"""Languages that are spoken in one country."""


def country_name(code: str) -> str:
    """Returns a country's name in the active language, in English where there is none, else its letters."""
    in_hebrew = countries_in_hebrew.NAMES.get(code) if get_language() == "he" else None
    return str(_NAMES.get(code) or in_hebrew or countries_in_english.NAMES.get(code) or code)


def country_choices() -> list[tuple[str, str]]:
    """Returns every country that has telephone numbers, with its name, ordered by name."""
    return sorted(((code, country_name(code)) for code in phonenumbers.SUPPORTED_REGIONS), key=lambda pair: pair[1])


def guessed_country(time_zone: str, language: str, own: Sequence[str]) -> str | None:
    """Returns the country that local numbers are probably from: that of the clock, else of the language, else of `own`.

    `own` are the countries of the business's numbers: a number rented abroad says little about the callers. It counts
    where the clock belongs to several countries, and where nothing else tells.
    """
    codes = _codes_of_zone(time_zone)
    beside = next((country for country in own if any(country in countries for countries in codes)), None)
    of_zone = codes[0][0] if len(codes) == 1 else None
    return beside or of_zone or _OF_LANGUAGE.get(language) or next(iter(own), None)


@lru_cache(maxsize=256)
def _codes_of_zone(zone: str) -> tuple[tuple[str, ...], ...]:
    """Returns the countries of each calling code of which some numbers are in this time zone, the main one first."""
    found = {_countries_of_prefix(prefix) for prefix, zones in TIMEZONE_DATA.items() if zone in zones}
    return tuple(sorted(found - {()}))


def _countries_of_prefix(prefix: str) -> tuple[str, ...]:
    """Returns the countries of the calling code with which a number begins. No code is the beginning of another."""
    codes = (int(prefix[:length]) for length in range(1, _LONGEST_CODE + 1))
    countries = next(filter(None, map(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get, codes)), ())
    return () if countries == ("001",) else tuple(countries)


def read_back(number: str) -> str:
    """Returns a number (E.164) as it will be dialled, with its country: +972 50-123-4567 (Israel)."""
    parsed = phonenumbers.parse(number)
    shown = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    country = phonenumbers.region_code_for_number(parsed)
    return f"{shown} ({country_name(country)})" if country and country != "001" else shown
