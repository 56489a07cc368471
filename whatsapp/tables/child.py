"""The process that reads one file of people. Pure: it imports no Django, and so starts in hundredths of a second.

It gets the file as descriptor 0, its limits and the answers to earlier questions as arguments, holds itself to the
limits before it parses anything, and writes frames to descriptor 1: the first row, some rows at a time, and at last
"end", why the file is refused, or a question. It gets no environment, hence no secrets, and can neither write files
nor start programs.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from whatsapp.bare_process import hold_back
from whatsapp.tables.cells import Cells
from whatsapp.tables.csv_file import about_rows, read_csv
from whatsapp.tables.file_kinds import ZIP, is_workbook
from whatsapp.tables.frames import frame
from whatsapp.tables.limits import LONGEST_ROW, MB, MOST_COLUMNS, MOST_ROWS, UNPACKED_MB, WIDEST_ROW
from whatsapp.tables.refusals import Asked, Problem, Refused
from whatsapp.tables.text_encodings import encoding_of

FIRST_ROWS, ROWS, CHARACTERS = 8, 500, 200_000
"""Rows of the first frame and of the others; a frame ends sooner at so many characters."""
_RESERVE = 20 * MB
"""Bytes that are given free when memory is used up, to be able to say so."""
Rows = Iterator[Cells]


def main(cpu_s: int, memory_mb: int, answers: str = "{}") -> None:
    """Read the file on descriptor 0 and write its frames to descriptor 1. `answers` are those of `frames`, as JSON."""
    if os.pread(0, len(ZIP), 0) == ZIP:
        from whatsapp.tables import xlsx_sheets  # noqa: F401, PLC0415 - while its compiled form may still be written
    hold_back(cpu_s, memory_mb)
    reserve = bytearray(_RESERVE)
    try:
        for each in frames(io.BufferedReader(Unmoved(0), 1 << 16), **json.loads(answers)):
            send(each)
        last: dict[str, Any] = {"end": True}
    except Refused as refused:
        last = {"refused": refused.problem.value, "data": refused.data}
    except Asked as asked:
        last = {"asked": asked.about, "choices": asked.choices}
    except (MemoryError, RecursionError):
        del reserve
        last = {"refused": Problem.READING_TOOK_TOO_MUCH.value, "data": {"limit": memory_mb}}
    with suppress(BrokenPipeError):
        send(last)


def frames(file: BinaryIO, *, encoding: str = "", sheet: str = "", country: str = "") -> Iterator[dict[str, Any]]:
    """Yields the first row with what is known about the file, then rows that are not empty, some at a time.

    Args:
        file: what to read.
        encoding: a person's choice, "" if nobody was asked.
        sheet: likewise, the name of a sheet.
        country: whose ways of writing numbers and days hold where the file names none (two letters).

    Raises:
        Asked: the file can be read in several ways.
        Refused: the file can't be used, or met a limit.
    """
    numbered, known = _opened(file, encoding, sheet, country)
    rows = bounded(numbered, is_even=known.get("is_sheet", False))
    first = next(rows, None)
    if first is None:
        raise Refused(Problem.FILE_EMPTY)
    yield {"header": first.shown, "number": first.number, "flaws": first.flaws, "digits": first.digits, **known}
    yield from _batches(rows)


def _batches(rows: Rows) -> Iterator[dict[str, Any]]:
    """Yields rows some at a time; also those before one that is refused."""
    batch: list[list[Any]] = []
    most, characters = FIRST_ROWS, 0
    try:
        for row in rows:
            more = [row.flaws, row.digits] if row.flaws or row.digits else []
            batch.append([row.number, row.shown, *more])
            characters += sum(map(len, row.shown))
            if len(batch) >= most or characters >= CHARACTERS:
                yield {"rows": batch}
                batch, most, characters = [], ROWS, 0
    except Refused:
        yield {"rows": batch}
        raise
    yield {"rows": batch}


def bounded(rows: Rows, *, is_even: bool = False) -> Rows:
    """Yields the rows that are not empty, of sheets (`is_even`) with as many cells as the first one has at least.

    Raises:
        Refused: there is too much of anything, empty cells and rows counted too.
    """
    total, width = 0, 0
    for row in rows:
        cells = row.shown
        if row.number > MOST_ROWS:
            raise Refused(Problem.TOO_MANY_ROWS, limit=MOST_ROWS)
        if not width and any(cells[MOST_COLUMNS:]):
            raise Refused(Problem.TOO_MANY_COLUMNS, limit=MOST_COLUMNS)
        if len(cells) > WIDEST_ROW:
            raise Refused(Problem.ROW_TOO_WIDE, row=row.number, limit=WIDEST_ROW)
        if not any(cells):
            continue
        width, length = width or _filled(cells), sum(map(len, cells))
        total += length
        if length > LONGEST_ROW:
            raise Refused(Problem.FIELD_TOO_LONG, row=row.number, limit=LONGEST_ROW)
        if total > UNPACKED_MB * MB:
            raise Refused(Problem.WORKBOOK_UNPACKED, limit=UNPACKED_MB)
        del cells[max(width, _filled(cells)) :]  # programs write the empty columns beside a table, too
        if is_even:
            cells += [""] * (width - len(cells))
        yield row


def _filled(cells: list[str]) -> int:
    """Returns the number of cells up to the last that is not empty."""
    return next(place for place in range(len(cells), 0, -1) if cells[place - 1])


def send(content: dict[str, Any]) -> None:
    """Write one frame, waiting as long as the reader is busy."""
    rest = memoryview(frame(content))
    while rest:
        rest = rest[os.write(1, rest) :]


class Unmoved(io.RawIOBase):
    """A file read by position: the descriptor is shared with the process that opened it, whose place must not move."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._at = descriptor, 0

    def readable(self) -> bool:
        """Returns True."""
        return True

    def seekable(self) -> bool:
        """Returns True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer. Returns the number of bytes, 0 at the end."""
        content = os.pread(self._descriptor, len(buffer), self._at)
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a place. Returns it in bytes from the start."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        self._at = (os.fstat(self._descriptor).st_size if start is None else start) + offset
        return self._at

    def tell(self) -> int:
        """Returns the place."""
        return self._at


def _opened(file: BinaryIO, encoding: str, sheet: str, country: str) -> tuple[Rows, dict[str, Any]]:
    """Returns the rows, and what is known about the file. Raises `Asked` and `Refused`."""
    if is_workbook(file):
        from whatsapp.tables.xlsx_sheets import open_sheet  # noqa: PLC0415 - a text is read without it, sooner

        return open_sheet(file, sheet, country)
    found = encoding_of(file, encoding)
    about = about_rows(file)
    return read_csv(file, found), {"about_rows": about}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
