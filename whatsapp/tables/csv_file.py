"""CSV as various programs write it: encoding and delimiter are detected. Pure: it imports no Django."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Generator
from typing import BinaryIO, Self

from whatsapp.tables.limits import LONGEST_ROW
from whatsapp.tables.refusals import Problem, Refused

_CHUNK = 1 << 20
_SAMPLE = 1 << 20
_DELIMITERS = ",;\t|"
_HEBREW_RUN = re.compile(rb"[\xe0-\xfa]{2,}")
_HIGH = re.compile(rb"[\x80-\xff]")


def read_csv(file: BinaryIO) -> Generator[tuple[int, list[str]], None, None]:
    """Yields number and cells of each record; blanks around cells are dropped. Raises `Refused`."""
    csv.field_size_limit(LONGEST_ROW)
    text = io.TextIOWrapper(file, encoding=encoding_of(file), newline="")
    try:
        yield from _records(text)
    finally:
        text.detach()  # so that the caller's file is not closed


def encoding_of(file: BinaryIO) -> str:
    """Returns the encoding of a text file, and rewinds it.

    Anything other than UTF-8 comes from Windows programs: runs of bytes that are Hebrew letters there are Hebrew,
    single ones inside Latin words are accents.
    """
    start = file.read(_SAMPLE)
    file.seek(0)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start:
        raise Refused(Problem.NOT_A_TABLE)
    if _is_utf8(file):
        return "utf-8-sig"
    high = len(_HIGH.findall(start))
    hebrew = sum(len(run) for run in _HEBREW_RUN.findall(start))
    return "cp1255" if high and hebrew >= high / 2 else "cp1252"


def delimiter_of(header: str) -> str:
    """Returns the delimiter: the candidate that splits the header into most columns."""
    counted = {delimiter: len(_cells_of_line(header, delimiter)) for delimiter in _DELIMITERS}
    return max(counted, key=lambda delimiter: counted[delimiter])


def about_rows(file: BinaryIO) -> int:
    """Returns the number of line ends below the header, and rewinds the file."""
    feeds = returns = 0
    while chunk := file.read(_CHUNK):
        feeds += chunk.count(b"\n")
        returns += chunk.count(b"\r")
    file.seek(0)
    return max(feeds, returns, 1) - 1


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True


def _records(text: io.TextIOWrapper) -> Generator[tuple[int, list[str]], None, None]:
    number = 0
    try:
        delimiter, skipped = _delimiter(text)
        number = skipped
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        for number, cells in enumerate(reader, start=skipped + 1):
            lines.row_length = 0
            yield number, [cell.strip() for cell in cells]
    except UnicodeDecodeError:
        raise Refused(Problem.ROW_UNREADABLE, row=number + 1) from None
    except _RowTooLong:
        raise Refused(Problem.FIELD_TOO_LONG, row=number + 1, limit=LONGEST_ROW) from None
    except csv.Error as error:
        if "field larger" in str(error):
            raise Refused(Problem.FIELD_TOO_LONG, row=number + 1, limit=LONGEST_ROW) from None
        raise Refused(Problem.QUOTE_NOT_CLOSED, row=number + 1) from None


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
    """Returns the delimiter, and how many lines before the header are not rows (Excel's `sep=;`)."""
    first = text.readline(LONGEST_ROW)
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        return first[4], 1
    text.seek(0)
    return delimiter_of(first), 0


def _cells_of_line(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
