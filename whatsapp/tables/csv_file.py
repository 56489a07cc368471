"""CSV as various programs write it: the delimiter is detected, broken bytes cost only their row. Pure: no Django."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Generator
from typing import BinaryIO, Self

from whatsapp.tables.cells import Cells, tidied
from whatsapp.tables.limits import LONGEST_ROW
from whatsapp.tables.refusals import Flaw, Problem, Refused
from whatsapp.tables.text_encodings import without_bad

_CHUNK = 1 << 20
_DELIMITERS = ",;\t|"
_LOOKED_AT_ROWS, _LOOKED_AT = 30, 1 << 16
"""How many rows and characters decide about the delimiter."""


def read_csv(file: BinaryIO, encoding: str = "utf-8-sig") -> Generator[Cells, None, None]:
    """Yields each record; blanks around cells are dropped. Raises `Refused`."""
    csv.field_size_limit(LONGEST_ROW)
    errors = "surrogateescape" if encoding == "utf-8-sig" else "strict"
    text = io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")
    try:
        yield from _records(text)
    finally:
        text.detach()  # so that the caller's file is not closed


def delimiter_of(start: str) -> str:
    """Returns the delimiter: the one that splits most of the first rows into equally many columns, and into most."""
    first = start.splitlines(keepends=True)[:_LOOKED_AT_ROWS]
    return max(_DELIMITERS, key=lambda delimiter: _evenness(first, delimiter))


def _evenness(lines: list[str], delimiter: str) -> tuple[int, int]:
    widths: Counter[int] = Counter()
    try:
        for cells in csv.reader(lines, delimiter=delimiter):
            if any(cells):
                widths[len(cells)] += 1
    except csv.Error:
        return 0, 0
    return max(((rows, width) for width, rows in widths.items() if width > 1), default=(0, 0))


def about_rows(file: BinaryIO) -> int:
    """Returns the number of line ends below the header, and rewinds the file."""
    feeds = returns = 0
    while chunk := file.read(_CHUNK):
        feeds += chunk.count(b"\n")
        returns += chunk.count(b"\r")
    file.seek(0)
    return max(feeds, returns, 1) - 1


def _records(text: io.TextIOWrapper) -> Generator[Cells, None, None]:
    number = 0
    try:
        delimiter, skipped = _delimiter(text)
        number = skipped
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        for number, cells in enumerate(reader, start=skipped + 1):
            lines.row_length = 0
            yield _read(number, cells)
    except UnicodeDecodeError:
        raise Refused(Problem.ROW_UNREADABLE, row=number + 1) from None
    except _RowTooLong:
        raise Refused(Problem.FIELD_TOO_LONG, row=number + 1, limit=LONGEST_ROW) from None
    except csv.Error as error:
        if "field larger" in str(error):
            raise Refused(Problem.FIELD_TOO_LONG, row=number + 1, limit=LONGEST_ROW) from None
        raise Refused(Problem.QUOTE_NOT_CLOSED, row=number + 1) from None


def _read(number: int, cells: list[str]) -> Cells:
    tidy = [cell.strip() if cell[:1] != "'" and "_x00" not in cell else tidied(cell) for cell in cells]
    flaws: dict[int, Flaw] = {}
    for place, cell in enumerate(() if "".join(tidy).isascii() else tidy):
        if not cell.isascii():
            tidy[place], is_bad = without_bad(cell)
            if is_bad:
                flaws[place] = Flaw.UNREADABLE
    return Cells(number, tidy, flaws)


class _RowTooLong(Exception):
    pass


class _Lines:
    """The lines of a text. The reader of rows sets `row_length` to 0 after each row.

    Raises:
        _RowTooLong: before a line without an end, or a row of very many lines, is in memory.
    """

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.row_length = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_ROW + 1)
        self.row_length += len(line)
        if self.row_length > LONGEST_ROW:
            raise _RowTooLong
        if not line:
            raise StopIteration
        return line


def _delimiter(text: io.TextIOWrapper) -> tuple[str, int]:
    """Returns the delimiter, and how many lines before the first row are none (Excel's `sep=;`)."""
    start = text.read(_LOOKED_AT)
    first = start.partition("\n")[0]
    text.seek(0)
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        text.readline()
        return first[4], 1
    return delimiter_of(start), 0
