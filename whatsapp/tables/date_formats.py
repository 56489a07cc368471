"""Showing days and times as a spreadsheet does: a number of days since the end of 1899. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from whatsapp.tables.format_codes import Kind, Part, Section, Unclear, sections_of
from whatsapp.tables.regional import Regional

TOO_WIDE = "########"
"""What spreadsheets show instead of a day that there can't be."""
LAST_DAY = 2_958_466
"""The day after 31 December 9999."""
_FROM_1904 = 1_462
_DAY_S = 86_400

_NAMES = {
    "en": (
        "January February March April May June July August September October November December",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "Mon Tue Wed Thu Fri Sat Sun",
    ),
    "he": (
        "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",
        "ינו פבר מרץ אפר מאי יונ יול אוג ספט אוק נוב דצמ",
        "יום_שני יום_שלישי יום_רביעי יום_חמישי יום_שישי שבת יום_ראשון",
        "יום_ב יום_ג יום_ד יום_ה יום_ו שבת יום_א",
    ),
}
"""Months in full and short, and days from Monday on, as Windows writes them. Names in other languages are unclear."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """A moment taken apart. `seconds` counts from the start of day 0, rounded to what is shown."""

    seconds: Decimal
    date: datetime
    own_day: tuple[int, int, int] | None
    """Year, month and day of a day that only spreadsheets know: 0 January and 29 February 1900."""


def shown_date(value: Decimal, section: Section, regional: Regional, *, is_1904: bool) -> str:
    """Returns the moment as its format shows it. Raises `Unclear`."""
    parts = _parts(section, regional)
    moment = _moment(value, parts, is_1904=is_1904)
    if moment is None:
        return TOO_WIDE
    half_days = any(part.text in {"am/pm", "a/p"} for part in parts)
    return "".join(
        _shown(part, _is_minute(parts, place), moment, section.language, regional, half_days=half_days)
        for place, part in enumerate(parts)
    )


def _parts(section: Section, regional: Regional) -> Sequence[Part]:
    if section.system_time:
        return sections_of("h:mm:ss AM/PM" if regional.half_days else "hh:mm:ss")[0].parts
    return section.parts


def _moment(value: Decimal, parts: Sequence[Part], *, is_1904: bool) -> _Moment | None:
    """Returns the moment, rounded to the smallest shown part of a second; None if there is no such day."""
    if not 0 <= value < LAST_DAY:
        return None
    fraction = next((len(part.text) for part in parts if part.kind is Kind.FRACTION), 0)
    step = Decimal(1).scaleb(-fraction)
    seconds = (value * _DAY_S).quantize(step, ROUND_HALF_UP)
    if is_1904:
        seconds += _FROM_1904 * _DAY_S
    days = int(seconds // _DAY_S)
    if days >= LAST_DAY:
        return None
    own_day = None if is_1904 else {0: (1900, 1, 0), 60: (1900, 2, 29)}.get(days)
    base = datetime(1899, 12, 30 if days >= 60 or is_1904 else 31)  # noqa: DTZ001 - a day on a calendar has no zone
    date = base + timedelta(days=days, seconds=int(seconds % _DAY_S))
    return _Moment(seconds, date, own_day)


def _is_minute(parts: Sequence[Part], place: int) -> bool:
    """Returns whether a part is a run of m that means minutes: it follows hours, or comes before seconds."""
    if parts[place].text[:1] != "m" or not _is_of_time(parts[place]):
        return False
    before = next((part.text[0] for part in reversed(parts[:place]) if _is_of_time(part)), "")
    after = next((part.text[0] for part in parts[place + 1 :] if _is_of_time(part)), "")
    return before == "h" or after == "s"


def _is_of_time(part: Part) -> bool:
    return part.kind in {Kind.DATE, Kind.ELAPSED} and part.text not in {"am/pm", "a/p"}


def _shown(part: Part, is_minute: bool, moment: _Moment, language: str, regional: Regional, *, half_days: bool) -> str:
    match part.kind:
        case Kind.LITERAL | Kind.POINT | Kind.COMMA:
            return part.text
        case Kind.SLASH:
            return regional.date_separator
        case Kind.FRACTION:
            return regional.decimal + str(moment.seconds % 1)[2:].ljust(len(part.text), "0")
        case Kind.ELAPSED:
            unit = {"h": 3_600, "m": 60, "s": 1}[part.text[0]]
            return str(int(moment.seconds // unit)).zfill(len(part.text))
        case Kind.DATE:
            return _of_date(part.text, is_minute, moment, language, half_days=half_days)
        case _:
            raise Unclear


def _of_date(run: str, is_minute: bool, moment: _Moment, language: str, *, half_days: bool) -> str:
    date, length = moment.date, len(run)
    year, month, day = moment.own_day or (date.year, date.month, date.day)
    hour = (date.hour - 1) % 12 + 1 if half_days else date.hour
    if is_minute and length <= 2:
        return str(date.minute).zfill(length)
    if run[0] == "d" and length > 2:
        return _names(language)[2 if length > 3 else 3][date.weekday()]
    if run[0] == "m" and length > 2:
        return _month(month, length, language)
    if run[0] == "y":
        return f"{year % 100:02}" if length <= 2 else f"{year:04}"
    if run[0] == "a":
        return (("AM", "PM") if run == "am/pm" else ("A", "P"))[date.hour >= 12]
    numbers = {"m": month, "d": day, "h": hour, "s": date.second}
    if run[0] not in numbers:
        raise Unclear  # years of other calendars
    return str(numbers[run[0]]).zfill(min(length, 2))


def _month(month: int, length: int, language: str) -> str:
    if length == 5:
        return _names(language)[0][month - 1][0]
    return _names(language)[0 if length == 4 else 1][month - 1]


def _names(language: str) -> list[list[str]]:
    """Returns the names of months and days. A code without a language is shown in English here."""
    found = _NAMES.get(language or "en")
    if found is None:
        raise Unclear
    return [[name.replace("_", " ") for name in names.split()] for names in found]
