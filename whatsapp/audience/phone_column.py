"""Deciding which column of a file holds the phone numbers, by what is in it. No database, no clock."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType

from whatsapp.audience.column_names import is_mobile_name, is_phone_name, normalized
from whatsapp.people.phone_numbers import NotANumber, is_date, to_e164
from whatsapp.states import FileMatter
from whatsapp.tables.readings import Choice, FileQuestion
from whatsapp.tables.tables import Row, letters

MOST_PHONE = 0.5
"""The share of a column's cells that must be phone numbers."""
EXAMPLES = 3
_LONGEST, _FEWEST_DIGITS = 100, 5
_SEVERAL = re.compile(r" ?::: ?|[,;\n]| / ")
"""What stands between several numbers in one cell, which no row is taken with; the column is one of phones still."""
_LIKE_PHONE = re.compile(r"^['\"]?\+?[\d\s().\-\u2010-\u2015/]+$")
_LANDLINE = (PhoneNumberType.FIXED_LINE,)


@dataclass(slots=True)
class _Column:
    """What the cells of one column are. `plain` are numbers without a plus or a leading zero."""

    place: int
    name: str
    filled: int = 0
    phones: int = 0
    mobiles: int = 0
    plain: int = 0
    examples: tuple[str, ...] = ()

    @property
    def is_plausible(self) -> bool:
        return self.phones > 0 and self.phones >= MOST_PHONE * self.filled

    @property
    def is_plain(self) -> bool:
        return self.plain >= MOST_PHONE * self.phones

    @property
    def is_named(self) -> bool:
        return is_phone_name(normalized(self.name))


def names_of(header: Sequence[str]) -> list[str]:
    """Returns the columns' names; a column without one goes by its letter."""
    return [name or letter for name, letter in zip(header, letters(len(header)), strict=True)]


def could_be_phone(cell: str, region: str | None) -> bool:
    """Returns whether a cell holds a phone number, or several. Without a region it may be one of any country."""
    return _number(cell, region) != "" or (region is None and looks_like_phone(cell))


def looks_like_phone(cell: str) -> bool:
    """Returns whether a cell looks like a phone number, also if it is none of the business's country."""
    digits = sum(sign.isdecimal() for sign in cell)
    return 7 <= digits <= 15 and bool(_LIKE_PHONE.match(cell)) and not is_date(cell)


def phone_column(
    header: Sequence[str], rows: Sequence[Row], region: str | None, expected: Collection[str] = ()
) -> int | None:
    """Returns the place of the column with the phone numbers; None if there is none.

    Columns with an `expected` (normalized) name are for other values, whatever they hold.

    Raises:
        FileQuestion: it could be more than one, or the only one that could be is not surely it.
    """
    columns = [_looked_at(place, name, rows, region) for place, name in enumerate(names_of(header))]
    columns = [column for column in columns if normalized(column.name) not in expected or column.is_named]
    plausible = [column for column in columns if column.is_plausible]
    named = [column for column in columns if column.is_named]
    if any(column.is_named for column in plausible):  # amounts and customers' numbers can look like numbers of phones
        plausible = [column for column in plausible if column.is_named or not column.is_plain]
    if not plausible:
        likeliest = max(named, key=lambda column: (column.phones, column.filled > 0, -column.place), default=None)
        return likeliest.place if likeliest else None
    if len(plausible) == 1 or _are_equal(plausible, rows):
        found = next((column for column in plausible if column.is_named), plausible[0])
        others = [column for column in named if column.filled and column not in plausible and not _is_count(column)]
        if found.is_named or (not others and not found.is_plain):
            return found.place
        plausible = [found, *others]
    plausible.sort(key=_order)
    raise FileQuestion(FileMatter.PHONE_COLUMN, tuple(Choice(each.name, each.examples) for each in plausible))


def _order(column: _Column) -> tuple[bool, float, bool, int]:
    """Returns the place of a choice: mobiles, and columns that are named so, come first."""
    share = column.mobiles / max(column.phones, 1)
    return not column.is_plausible, -round(share, 1), not is_mobile_name(normalized(column.name)), column.place


def _is_count(column: _Column) -> bool:
    """Returns whether a column that is named like a phone's holds no number of a phone at all."""
    return column.phones == 0


def _looked_at(place: int, name: str, rows: Sequence[Row], region: str | None) -> _Column:
    column = _Column(place, name)
    examples: list[str] = []
    for row in rows:
        cell = row.digits.get(place) or (row.cells[place] if place < len(row.cells) else "")
        if not cell:
            continue
        column.filled += 1
        if len(examples) < EXAMPLES:
            examples.append(cell[:40])
        if could_be_phone(cell, region):
            number = _number(cell, region)
            column.phones += 1
            column.mobiles += bool(number) and phonenumbers.number_type(phonenumbers.parse(number)) not in _LANDLINE
            column.plain += cell.strip("'\" ")[:1] not in {"+", "0", "("} and not cell.strip()[:1].isalpha()
    column.examples = tuple(examples)
    return column


def _are_equal(columns: Sequence[_Column], rows: Sequence[Row]) -> bool:
    """Returns whether all these columns hold the same in every row, so that it does not matter which is taken."""
    return all(
        len({row.cells[column.place] if column.place < len(row.cells) else "" for column in columns}) == 1
        for row in rows
    )


def _number(cell: str, region: str | None) -> str:
    """Returns the (first) number of a cell in E.164, "" if it holds none."""
    if len(cell) > _LONGEST or sum(sign.isdecimal() for sign in cell) < _FEWEST_DIGITS:
        return ""
    for part in (cell, *_SEVERAL.split(cell)):
        try:
            return to_e164(part, region).e164
        except NotANumber:
            continue
    return ""
