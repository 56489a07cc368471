"""Reading a table from an uploaded file: CSV in any usual dialect, or XLSX. Some rows at a time.

The file is read by a process of its own (`child`), which has limits of time and memory; here its rows arrive.
"""

from __future__ import annotations

import io
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from whatsapp.errors import BadAudience
from whatsapp.reasons import Cause
from whatsapp.tables.limits import MB, PREVIEW, WHOLE, Limits
from whatsapp.tables.reader_process import frames_of
from whatsapp.tables.seats import Seats

LARGEST = 60_000_000
"""Bytes: a million rows with a name and a few values."""
previews = Seats(most=3, patience_s=15)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not empty. `number` is what a spreadsheet shows beside it: the header is usually row 1."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it, which are read as they are iterated over.

    `about_rows` is an estimate of their number, None if there is none.
    """

    header: list[str]
    rows: Iterator[Row]
    about_rows: int | None


def refuse_large(size: int) -> None:
    """Raise `BadAudience` for a file of so many bytes if that is too many."""
    if size > LARGEST:
        raise BadAudience(Cause.FILE_TOO_LARGE, size=size // MB, limit=LARGEST // MB)


@contextmanager
def open_table(file: BinaryIO, *, limits: Limits = WHOLE) -> Iterator[Table]:
    """Open a table to read it to its end. `file` must be seekable, and the caller closes it.

    Raises:
        BadAudience: not a table, empty, broken, or more than a limit (also while rows are read). The text names the
            row or the limit.
    """
    refuse_large(file.seek(0, io.SEEK_END))
    file.seek(0)
    with frames_of(file, limits) as frames:
        first = next(frames, {})
        yield Table(first.get("header", []), _rows(frames), first.get("about_rows"))


@contextmanager
def open_preview(file: BinaryIO, *, of: Hashable) -> Iterator[Table]:
    """Open a table for a first look, while somebody waits. `of` is the business: it gets one look at a time.

    Raises:
        BadAudience: as `open_table`, or too many files are being looked at.
    """
    with previews.one_for(of), open_table(file, limits=PREVIEW) as table:
        yield table


def _rows(frames: Iterator[dict[str, Any]]) -> Iterator[Row]:
    for frame in frames:
        for number, cells in frame["rows"]:
            yield Row(number, cells)
