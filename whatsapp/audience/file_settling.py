"""Settling how a file of people is read: what follows from the file, what a person has answered, what is asked."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO

from whatsapp.audience.column_names import normalized
from whatsapp.audience.columns import place_of
from whatsapp.audience.header import header_row
from whatsapp.audience.phone_column import names_of, phone_column
from whatsapp.errors import BadAudience
from whatsapp.reasons import Cause, Reason, reason
from whatsapp.tables.readings import NO_ANSWERS, Answers, Reading
from whatsapp.tables.tables import LOOKED_AT, Row, Table, headed, open_preview


@dataclass(frozen=True, slots=True)
class Settled:
    """How a file is read, and its first rows. `phone` is the place of the phone numbers' column, None without one.

    `checked` counts the rows that were read; `is_whole` says whether these were all.
    """

    reading: Reading
    header: list[str]
    rows: list[Row]
    phone: int | None
    notes: tuple[Reason, ...]
    about_rows: int | None
    checked: int

    @property
    def phone_name(self) -> str | None:
        """Returns the name of the phone numbers' column, its letter if it has no name."""
        return None if self.phone is None else names_of(self.header)[self.phone]


def settle(
    file: BinaryIO,
    *,
    of: Hashable,
    region: str | None,
    answers: Answers = NO_ANSWERS,
    expected: Collection[str] = (),
    check_rows: int = LOOKED_AT,
) -> Settled:
    """Look at a file and settle how it is read.

    Args:
        file: the file; its place is moved.
        of: the business.
        region: numbers without a country code belong to it, unless the answers name another.
        answers: what a person has answered.
        expected: names of columns that hold other values than the phone number.
        check_rows: so many rows are read to find broken ones; what is wrong with later ones is found when all are read.

    Raises:
        FileQuestion: a person must choose.
        BadAudience: the file can't be used.
    """
    region = answers.region or region
    names = frozenset(map(normalized, expected))
    asked = Reading(answers.encoding, answers.sheet)
    with open_preview(file, of=of, reading=asked, country=region) as table:
        first = [Row(table.header_row, table.header), *_first_rows(table, check_rows)]
        header_at = header_row(first, region, names, answers.header)
        known = headed(replace(table, rows=iter(first)), header_at)
        rows = list(known.rows)
        phone = _phone(known.header, rows, region, names, answers)
        checked = len(rows) + sum(1 for _row in islice(table.rows, max(0, check_rows - len(rows))))
    about = None if table.about_rows is None else table.about_rows + 1 - (len(first) - len(rows))
    reading = replace(known.reading, header=header_at, region=region or "")
    header = _without_empty(known.header, rows)
    return Settled(reading, header, rows, phone, _notes(table, first, known), about, checked)


def _first_rows(table: Table, check_rows: int) -> Iterator[Row]:
    """Yields rows to look at. Raises `BadAudience` for a broken one of the first `check_rows`."""
    checked = 0
    try:
        for row in islice(table.rows, LOOKED_AT - 1):
            checked += 1
            yield row
    except BadAudience:
        if checked < check_rows:
            raise


def _phone(
    header: list[str], rows: list[Row], region: str | None, expected: frozenset[str], answers: Answers
) -> int | None:
    if answers.phone_column:
        return place_of(answers.phone_column, header)
    return phone_column(header, rows, region, expected)


def _without_empty(header: list[str], rows: list[Row]) -> list[str]:
    """Returns the header without columns at its end that have neither a name nor anything in them."""
    filled = max((len(row.cells) for row in rows), default=0)
    return header[: max(filled, next((place for place in range(len(header), 0, -1) if header[place - 1]), 0))]


def _notes(table: Table, first: list[Row], known: Table) -> tuple[Reason, ...]:
    notes = list(table.notes)
    above = [row for row in first if known.header_row and row.number < known.header_row]
    if above:
        notes.append(reason(Cause.ROWS_ABOVE, rows=len(above)))
    if table.is_sheet and any(any(row.cells[len(known.header) :]) for row in first):
        notes.append(reason(Cause.COLUMNS_NAMELESS))
    return tuple(notes)
