"""Finding the row with the columns' names among the first rows of a file. No database, no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from whatsapp.audience.column_names import is_phone_name, is_usual_name, normalized
from whatsapp.audience.phone_column import MOST_PHONE, could_be_phone, looks_like_phone
from whatsapp.errors import BadAudience
from whatsapp.reasons import Cause
from whatsapp.states import FileMatter
from whatsapp.tables.readings import Choice, FileQuestion
from whatsapp.tables.tables import Row

YES, NO = "yes", "no"
_MOST_ABOVE = 15
"""Rows that may stand above a header: a title, a date, the name of a business."""
_FEW_DIGITS = 5


def header_row(rows: Sequence[Row], region: str | None, expected: Collection[str], answer: str = "") -> int:
    """Returns the number of the header's row, 0 if the file has none.

    Args:
        rows: the first rows that are not empty, at least one.
        region: numbers without a country code belong to it.
        expected: normalized names that columns of this file should have.
        answer: what a person said, "yes" or "no"; "" if nobody was asked.

    Raises:
        FileQuestion: the first row may be a person.
        BadAudience: the answer is none.
    """
    if answer not in {"", YES, NO}:
        raise BadAudience(Cause.NO_SUCH_ANSWER, answer=answer[:40])
    if answer == NO:
        return 0
    named = _named_row(rows, region, expected)
    if named is not None:
        return named.number
    first = _below_titles(rows)
    if answer == YES or not _may_be_person(first, rows, region):
        return first.number
    shown = tuple(cell[:40] for cell in first.cells if cell)[:5]
    raise FileQuestion(FileMatter.HEADER, (Choice(NO, shown), Choice(YES, shown)))


def _named_row(rows: Sequence[Row], region: str | None, expected: Collection[str]) -> Row | None:
    """Returns the first row that has names of columns in it, if no person stands above it."""
    for row in rows[: _MOST_ABOVE + 1]:
        if _has_phone(row, region):
            return None
        names = [normalized(cell) for cell in row.cells if cell]
        known = sum(is_usual_name(name) or name in expected for name in names)
        if known > 1 or (known == 1 and (row is rows[0] or any(map(is_phone_name, names)))):
            return row
    return None


def _below_titles(rows: Sequence[Row]) -> Row:
    """Returns the first row that is not a title: one cell above rows of several."""
    filled = [sum(map(bool, row.cells)) for row in rows]
    usual = Counter(filled[1:]).most_common(1)[0][0] if len(filled) > 1 else 1
    below = (row for row, count in zip(rows[:_MOST_ABOVE], filled, strict=False) if count > 1 or usual == 1)
    return next(below, rows[0])


def _may_be_person(first: Row, rows: Sequence[Row], region: str | None) -> bool:
    """Returns whether a row may be a person: it holds a number, or holds none where the rows below hold them."""
    if _has_phone(first, region):
        return True
    below = [row for row in rows if row.number > first.number]
    for place in range(max((len(row.cells) for row in below), default=0)):
        cells = [row.cells[place] for row in below if place < len(row.cells) and row.cells[place]]
        if not cells or sum(could_be_phone(cell, region) for cell in cells) < MOST_PHONE * len(cells):
            continue
        above = first.cells[place] if place < len(first.cells) else ""
        if not above or sum(sign.isdecimal() for sign in above) >= _FEW_DIGITS:
            return True
    return False


def _has_phone(row: Row, region: str | None) -> bool:
    cells = (row.digits.get(place, cell) for place, cell in enumerate(row.cells))
    return any(could_be_phone(cell, region) or looks_like_phone(cell) for cell in cells)
