"""Reading a table from an uploaded file: CSV in any usual dialect, or XLSX. Some rows at a time.

The file is read by a process of its own (`child`), which has limits of time and memory; here its rows arrive.
"""

from __future__ import annotations

import io
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, BinaryIO

from whatsapp.errors import BadAudience
from whatsapp.reasons import Cause, Reason
from whatsapp.tables.limits import MB, PREVIEW, WHOLE, Limits
from whatsapp.tables.reader_process import frames_of
from whatsapp.tables.readings import AS_IT_IS, Reading
from whatsapp.tables.refusals import Flaw
from whatsapp.tables.seats import Seats

LARGEST = 60_000_000
"""Bytes: a million rows with a name and a few values."""
LOOKED_AT = 200
"""Rows that decide how a file is read."""
previews = Seats(most=3, patience_s=15)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not empty. `number` is what a spreadsheet shows beside it: the header is usually row 1.

    `flaws` and `digits` are those of `cells.Cells`, by the index of the cell.
    """

    number: int
    cells: list[str]
    flaws: Mapping[int, Flaw] = field(default_factory=dict)
    digits: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it, which are read as they are iterated over.

    `header_row` is the header's number, 0 if the columns are named by letters. `about_rows` is an estimate of the
    number of rows, None if there is none. `reading` says how it is read, `notes` what of the file is not read.
    """

    header: list[str]
    rows: Iterator[Row]
    about_rows: int | None
    header_row: int = 1
    reading: Reading = AS_IT_IS
    notes: Sequence[Reason] = ()
    is_sheet: bool = False


def refuse_large(size: int) -> None:
    """Raise `BadAudience` for a file of so many bytes if that is too many."""
    if size > LARGEST:
        raise BadAudience(Cause.FILE_TOO_LARGE, size=size // MB, limit=LARGEST // MB)


@contextmanager
def open_table(
    file: BinaryIO, *, limits: Limits = WHOLE, reading: Reading = AS_IT_IS, country: str | None = None
) -> Iterator[Table]:
    """Open a table to read it to its end. `file` must be seekable, and the caller closes it.

    `country` (two letters) is its owner's: a spreadsheet leaves some ways of writing to the computer that shows it.

    Raises:
        FileQuestion: the file can be read in several ways.
        BadAudience: not a table, empty, broken, or more than a limit (also while rows are read). The text names the
            row or the limit.
    """
    refuse_large(file.seek(0, io.SEEK_END))
    file.seek(0)
    answers = {"encoding": reading.encoding, "sheet": reading.sheet, "country": country or ""}
    with frames_of(file, limits, answers) as frames:
        first = next(frames, {})
        top = Row(first.get("number", 1), first.get("header", []), *_marks(first.get("flaws"), first.get("digits")))
        known = replace(reading, sheet=first.get("sheet", ""))
        notes = [Reason(Cause(cause), data) for cause, data in first.get("notes", ())]
        is_sheet = first.get("is_sheet", False)
        about = first.get("about_rows")
        if reading.header is None:
            yield Table(top.cells, _rows(frames), about, top.number, known, notes, is_sheet)
        else:
            whole = Table([], chain([top], _rows(frames)), about, 0, known, notes, is_sheet)
            yield headed(whole, reading.header)


@contextmanager
def open_preview(
    file: BinaryIO, *, of: Hashable, reading: Reading = AS_IT_IS, country: str | None = None
) -> Iterator[Table]:
    """Open a table for a first look, while somebody waits. `of` is the business: it gets one look at a time.

    Raises:
        FileQuestion: the file can be read in several ways.
        BadAudience: as `open_table`, or too many files are being looked at.
    """
    with previews.one_for(of), open_table(file, limits=PREVIEW, reading=reading, country=country) as table:
        yield table


def headed(table: Table, header_row: int) -> Table:
    """Returns a table all of whose rows are still in `rows`, with the row of that number as its header.

    0: there is no header, and the columns are named A, B, C … as far as the first rows go.
    """
    rows = table.rows
    if header_row == 0:
        first = list(islice(rows, LOOKED_AT))
        header, rows = letters(max((len(row.cells) for row in first), default=0)), chain(first, rows)
    else:
        found = next((row for row in rows if row.number >= header_row), None)
        header = found.cells if found else []
    if table.is_sheet:  # beside the columns that have a name, a sheet may hold anything
        rows = (_cut(row, len(header)) for row in rows)
    return replace(table, header=header, rows=rows, header_row=header_row)


def letters(count: int) -> list[str]:
    """Returns so many names of columns as spreadsheets give them: A to Z, AA, AB …."""
    return [f"{chr(64 + place // 26) if place >= 26 else ''}{chr(65 + place % 26)}" for place in range(count)]


def _cut(row: Row, width: int) -> Row:
    return row if len(row.cells) <= width else replace(row, cells=row.cells[:width])


def _rows(frames: Iterator[dict[str, Any]]) -> Iterator[Row]:
    for frame in frames:
        for number, cells, *more in frame["rows"]:
            yield Row(number, cells, *_marks(*more)) if more else Row(number, cells)


def _marks(
    flaws: Mapping[str, str] | None = None, digits: Mapping[str, str] | None = None
) -> tuple[dict[int, Flaw], dict[int, str]]:
    """Returns the flaws and digits of a row, whose indexes JSON turned into texts."""
    return (
        {int(place): Flaw(flaw) for place, flaw in (flaws or {}).items()},
        {int(place): text for place, text in (digits or {}).items()},
    )
