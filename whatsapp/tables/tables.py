"""Reading a table from an uploaded file: CSV in any usual dialect, or XLSX. One row at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from whatsapp.errors import BadAudience
from whatsapp.reasons import Cause
from whatsapp.tables.csv_file import read_csv
from whatsapp.tables.xlsx_file import read_xlsx

LARGEST = 60_000_000
"""Bytes: a million rows with a name and a few values."""
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not empty. `number` is what a spreadsheet shows beside it: the header is usually row 1."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it, which are read as they are iterated over."""

    header: list[str]
    rows: Iterator[Row]


def refuse_large(size: int) -> None:
    """Raise `BadAudience` for a file of so many bytes if that is too many."""
    if size > LARGEST:
        raise BadAudience(Cause.FILE_TOO_LARGE, size=size // 1_000_000, limit=LARGEST // 1_000_000)


@contextmanager
def open_table(file: BinaryIO) -> Iterator[Table]:
    """Open a table. `file` must be seekable, and the caller closes it.

    Raises:
        BadAudience: not a table, empty, or broken (also while rows are read). The text names the row.
    """
    start = file.read(4)
    file.seek(0)
    if start.startswith(_OLD_EXCEL):
        raise BadAudience(Cause.FILE_OF_OLD_EXCEL)
    numbered = read_xlsx(file) if start == _ZIP else read_csv(file)
    rows = (Row(number, cells) for number, cells in numbered if any(cells))
    try:
        header = next(rows, None)
        if header is None:
            raise BadAudience(Cause.FILE_EMPTY)
        yield Table(header.cells, rows)
    finally:
        numbered.close()
