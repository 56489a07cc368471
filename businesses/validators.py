"""Validators of a business's fields."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from businesses.dialling import DialRefusal, no_country_in
from businesses.phone_numbers import NotDialable, dialable_e164

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_BREAKS = {"Cc", "Zl", "Zp"}
RESERVED_SLUGS = frozenset({"admin", "api", "login", "logout", "new", "static", "www"})
"""Slugs that no business may have: the installation's own pages may need them."""


def one_line(name: str) -> str:
    """Returns a name on one line: line breaks, other control characters and runs of blanks become single blanks.

    Names stand in subjects of mails and in headers, where a line break is refused or means something else.
    """
    return " ".join("".join(" " if unicodedata.category(sign) in _BREAKS else sign for sign in name).split())


def validate_e164(value: str) -> None:
    """Accept only a number that can be dialled, in E.164: a plus sign, the country code, the number, nothing else."""
    try:
        canonical = dialable_e164(value)
    except NotDialable:
        raise ValidationError(
            _("No phone can have this number. Write it in international form without blanks, like +972501234567."),
            code="not_dialable",
        ) from None
    if canonical != value:
        raise ValidationError(
            _("Write the number in international form without blanks, like +972501234567."), code="not_e164"
        )


def validate_countries(value: str) -> None:
    """Accept two-letter codes of countries, separated by commas or blanks."""
    if word := no_country_in(value):
        raise ValidationError(
            _("%(word)s is not the code of a country. Write codes of two letters like US, GB."),
            params={"word": word},
            code="no_such_country",
        )


_DIAL_WORDS = {
    DialRefusal.NOT_A_NUMBER: _("This is not a phone number. Write it with its country, like +972501234567."),
    DialRefusal.COSTLY: _("Calls to this kind of number cost extra. Give an ordinary landline or mobile number."),
    DialRefusal.COUNTRY: _("Calls are put through to phones in %(countries)s only. Your operator can add a country."),
    DialRefusal.OURS: _("The assistant itself answers this number. Give one that a person answers."),
}

NO_SUCH_ZONE = _("This time zone does not exist. Write it like Asia/Jerusalem.")


def dial_words(refusal: DialRefusal, countries: Sequence[str]) -> str | _StrPromise:
    """Returns what to tell whoever entered a number that may not be dialled. `countries`: those that may be."""
    words = _DIAL_WORDS[refusal]
    if refusal is not DialRefusal.COUNTRY:
        return words
    if not countries:
        return _("No country may be dialled, as the business has no number yet. Your operator can add one.")
    return words % {"countries": ", ".join(countries)}


def validate_time_zone(value: str) -> None:
    """Accept only time zones that this machine knows."""
    if value not in available_timezones():
        raise ValidationError(NO_SUCH_ZONE, code="no_such_zone")


def validate_business_slug(value: str) -> None:
    """Accept lower-case slugs that are not reserved for the installation's own pages."""
    if not re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", value):
        raise ValidationError(
            _("Use small Latin letters, digits and single hyphens, like north-clinic."), code="bad_slug"
        )
    if value in RESERVED_SLUGS:
        raise ValidationError(_("This word is reserved. Add something to it, like north-clinic."), code="reserved_slug")


def validate_finite(value: float) -> None:
    """Refuse "not a number" and infinity, which pass every comparison with a limit."""
    if not math.isfinite(value):
        raise ValidationError(_("Write a number like 0.82."), code="not_finite")
