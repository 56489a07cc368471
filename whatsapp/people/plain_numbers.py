"""Mobile numbers written as most are, read by rules made of the library's tables: many times as fast. Pure.

A rule reads only what the library would read in the same way, and leaves everything else to it: other punctuation,
landlines of the region, services, prefixes of carriers, countries whose numbers are rewritten, and what is wrong. A
test compares both in every country.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    PhoneMetadata,
    PhoneNumberDesc,
    country_code_for_region,
    region_code_for_country_code,
)

_PLAIN = re.compile(r"\+?[0-9]+(?:[ -][0-9]+)*")
_SHORTEST, _LONGEST = 9, 15
"""Digits. Fewer can be a date."""
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class _Rule:
    """How the numbers of a country code are read; `country` is the one that gives it its form.

    `dialled` and `lengths` are the lengths of mobile numbers that can be called, and of those whose range is known.
    """

    code: str
    country: str
    is_shared: bool
    dialled: frozenset[int]
    lengths: frozenset[int]
    longest: int
    any_kind: re.Pattern[str]
    mobile: re.Pattern[str]
    prefix: re.Pattern[str]
    rewrites: bool
    abroad: re.Pattern[str]

    def is_mobile(self, national: str) -> bool:
        """Returns whether the tables know this as a mobile's number in its country, and as nothing else's."""
        return national[:1] != "0" and len(national) in self.lengths and bool(self.mobile.fullmatch(national))

    def without_prefix(self, digits: str) -> str | None:
        """Returns digits without the prefix of calls within the country; None if it says how they are rewritten."""
        found = self.prefix.match(digits)
        if found is None:
            return digits
        return None if self.rewrites and any(found.groups()) else digits[found.end() :]


def plain_number(text: str, region: str | None) -> tuple[str, str] | None:
    """Returns a number in E.164 and its country, as `to_e164` would; None if no rule reads it."""
    if not (text.isascii() and text.isdigit()) and not _PLAIN.fullmatch(text):
        return None
    digits = text.replace("-", "").replace(" ", "")
    if digits[0] == "+":
        return _with_code(digits[1:])
    if digits.startswith("00"):
        return _with_code(digits[2:])
    return _of_region(digits, region) if region and _SHORTEST <= len(digits) <= _LONGEST else None


def _with_code(digits: str) -> tuple[str, str] | None:
    if not _SHORTEST <= len(digits) <= _LONGEST or digits[0] == "0":
        return None
    code = next((length for length in (1, 2, 3) if int(digits[:length]) in COUNTRY_CODE_TO_REGION_CODE), 0)
    rule, national = _rule(int(digits[:code])) if code else None, digits[code:]
    if rule is None or len(national) not in rule.dialled or national[0] == "0":
        return None
    if rule.without_prefix(national) != national:
        return None
    if rule.is_shared and not rule.is_mobile(national):
        return None  # which of the countries it is would have to be looked up
    return f"+{digits}", rule.country


def _of_region(digits: str, region: str) -> tuple[str, str] | None:
    rule = _rule(country_code_for_region(region))
    if rule is None or rule.country != region or rule.abroad.match(digits):
        return None
    if digits.startswith(rule.code) and not rule.any_kind.fullmatch(digits):
        national = digits[len(rule.code) :]
        if rule.without_prefix(national) != national:
            return None
    elif digits.startswith(rule.code) and len(digits) > rule.longest:
        return None
    else:
        national = rule.without_prefix(digits) or ""
    if not rule.is_mobile(national):
        return None
    return f"+{rule.code}{national}", region


@lru_cache(maxsize=512)
def _rule(code: int) -> _Rule | None:
    """Returns the rule of a country code; None if its numbers can't be read by one."""
    country = region_code_for_country_code(code)
    tables = PhoneMetadata.metadata_for_region(country, None) if len(country) == 2 else None
    if tables is None or tables.general_desc is None or tables.mobile is None or tables.leading_digits is not None:
        return None
    whole = tables.general_desc
    known = tables.fixed_line if tables.same_mobile_and_fixed_line_pattern else tables.mobile
    if known is None:
        return None
    others = [tables.premium_rate, tables.toll_free, tables.shared_cost, tables.voip]
    others += [tables.personal_number, tables.pager, tables.uan, tables.voicemail]
    services = [each.national_number_pattern for each in others if each and each.national_number_pattern]
    unlike = rf"(?!(?:{'|'.join(services)})\Z)" if services else ""
    general = whole.national_number_pattern or _NEVER.pattern
    return _Rule(
        code=str(code),
        country=country,
        is_shared=len(COUNTRY_CODE_TO_REGION_CODE[code]) > 1,
        dialled=_lengths(tables.mobile, whole),
        lengths=_lengths(known, whole) & frozenset(whole.possible_length),
        longest=max(whole.possible_length),
        any_kind=re.compile(general),
        mobile=re.compile(rf"(?=(?:{general})\Z){unlike}(?:{known.national_number_pattern or _NEVER.pattern})"),
        prefix=re.compile(prefix) if (prefix := tables.national_prefix_for_parsing) else _NEVER,
        rewrites=bool(tables.national_prefix_transform_rule),
        abroad=re.compile(tables.international_prefix) if tables.international_prefix else _NEVER,
    )


def _lengths(kind: PhoneNumberDesc, whole: PhoneNumberDesc) -> frozenset[int]:
    return frozenset(kind.possible_length or whole.possible_length) - frozenset(kind.possible_length_local_only)
