"""The process that reads one file of people. Pure: it imports no Django, and so starts in hundredths of a second.

It gets the file as descriptor 0 and its limits as arguments, holds itself to them before it parses anything, and
writes frames to descriptor 1: the header, some rows at a time, and at last "end" or why the file is refused. It gets no
environment, hence no secrets, and can neither write files nor start programs.
"""

from __future__ import annotations

import io
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from whatsapp.tables.csv_file import about_rows, read_csv
from whatsapp.tables.frames import frame
from whatsapp.tables.limits import LONGEST_ROW, MB, MOST_COLUMNS, MOST_ROWS, UNPACKED_MB, WIDEST_ROW
from whatsapp.tables.refusals import Problem, Refused
from whatsapp.tables.xlsx_file import read_xlsx, unpacked

NICENESS = 15
"""Calls go first wherever processors are scarce."""
FIRST_ROWS, ROWS, CHARACTERS = 8, 500, 200_000
"""Rows of the first frame and of the others; a frame ends sooner at so many characters."""
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_RESERVE = 20 * MB
"""Bytes that are given free when memory is used up, to be able to say so."""
_UNWANTED = ("numpy", "lxml", "lxml.etree", "PIL")
"""Libraries that openpyxl imports if they are there, and that reading rows does not need."""


def main(cpu_s: int, memory_mb: int) -> None:
    """Read the file on descriptor 0 and write its frames to descriptor 1."""
    for library in _UNWANTED:
        sys.modules[library] = None  # type: ignore[assignment]  # importing it fails, as if it were not there
    if os.pread(0, len(_ZIP), 0) == _ZIP:
        import openpyxl  # noqa: F401, PLC0415 - now, while its compiled form may still be written
    hold_back(cpu_s, memory_mb)
    reserve = bytearray(_RESERVE)
    try:
        for each in frames(io.BufferedReader(Unmoved(0), 1 << 16)):
            send(each)
        last: dict[str, Any] = {"end": True}
    except Refused as refused:
        last = {"refused": refused.problem.value, "data": refused.data}
    except (MemoryError, RecursionError):
        del reserve
        last = {"refused": Problem.READING_TOOK_TOO_MUCH.value, "data": {"limit": memory_mb}}
    with suppress(BrokenPipeError):
        send(last)


def hold_back(cpu_s: int, memory_mb: int) -> None:
    """Limit this process for good. Systems without one of these limits (macOS: memory) go without it."""
    limits = (
        (resource.RLIMIT_CPU, cpu_s, cpu_s + 1),
        (resource.RLIMIT_AS, memory_mb * MB, memory_mb * MB),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, 32, 32),
        (resource.RLIMIT_NPROC, 0, 0),
    )
    for kind, soft, hard in limits:
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (soft, hard))
    with suppress(OSError):
        os.nice(NICENESS)


def frames(file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yields the header with an estimate of the rows below it, then rows that are not empty, some at a time.

    Raises:
        Refused: the file can't be used, or met a limit.
    """
    numbered, about = _opened(file)
    rows = bounded(numbered)
    _number, header = next(rows, (0, []))
    if not header:
        raise Refused(Problem.FILE_EMPTY)
    yield {"header": header[:MOST_COLUMNS], "about_rows": about}
    yield from _batches(rows)


def _batches(rows: Iterator[tuple[int, list[str]]]) -> Iterator[dict[str, Any]]:
    """Yields rows some at a time; also those before one that is refused."""
    batch: list[tuple[int, list[str]]] = []
    most, characters = FIRST_ROWS, 0
    try:
        for number, cells in rows:
            batch.append((number, cells))
            characters += sum(map(len, cells))
            if len(batch) >= most or characters >= CHARACTERS:
                yield {"rows": batch}
                batch, most, characters = [], ROWS, 0
    except Refused:
        yield {"rows": batch}
        raise
    yield {"rows": batch}


def bounded(numbered: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Yields the rows that are not empty. Raises `Refused` when there is too much of anything, empty cells too."""
    total, is_header = 0, True
    for number, cells in numbered:
        if number > MOST_ROWS:
            raise Refused(Problem.TOO_MANY_ROWS, limit=MOST_ROWS)
        if is_header and any(cells[MOST_COLUMNS:]):
            raise Refused(Problem.TOO_MANY_COLUMNS, limit=MOST_COLUMNS)
        if len(cells) > WIDEST_ROW:
            raise Refused(Problem.ROW_TOO_WIDE, row=number, limit=WIDEST_ROW)
        if not any(cells):
            continue
        is_header, length = False, sum(map(len, cells))
        total += length
        if length > LONGEST_ROW:
            raise Refused(Problem.FIELD_TOO_LONG, row=number, limit=LONGEST_ROW)
        if total > UNPACKED_MB * MB:
            raise Refused(Problem.WORKBOOK_UNPACKED, limit=UNPACKED_MB)
        yield number, cells


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


def _opened(file: BinaryIO) -> tuple[Iterator[tuple[int, list[str]]], int | None]:
    start = file.read(4)
    file.seek(0)
    if start == _OLD_EXCEL:
        raise Refused(Problem.FILE_OF_OLD_EXCEL)
    if start == _ZIP:
        about = unpacked(file)
        return read_xlsx(file), about
    about = about_rows(file)
    return read_csv(file), about


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
