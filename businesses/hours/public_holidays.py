"""The public holidays of a country, by the library `holidays`, as suggestions: an owner decides which ones count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

_LANGUAGES = {"en": "en_US"}


@dataclass(frozen=True, slots=True)
class PublicHoliday:
    """A holiday of one day or several in a row."""

    first_day: date
    last_day: date
    name: str


def public_holidays(country: str, language: str, *, first_day: date, last_day: date) -> list[PublicHoliday]:
    """Returns the public holidays of a country (ISO 3166) in these days, in their order; none for an unknown country.

    Names are in the language (`he`, `en`) where the library has it for this country, else in the country's own.
    """
    import holidays  # noqa: PLC0415 - only who looks for holidays needs it

    localized = holidays.list_localized_countries().get(country, [])
    wanted = _LANGUAGES.get(language, language)
    years = range(first_day.year, last_day.year + 1)
    try:
        found = holidays.country_holidays(country, years=years, language=wanted if wanted in localized else None)
    except NotImplementedError:
        return []
    together: list[PublicHoliday] = []
    for day, name in sorted(found.items()):
        if not first_day <= day <= last_day:
            continue
        before = together[-1] if together else None
        if before and before.name == name and before.last_day == day - timedelta(days=1):
            together[-1] = PublicHoliday(before.first_day, day, name)
        else:
            together.append(PublicHoliday(day, day, name[:120]))
    return together
