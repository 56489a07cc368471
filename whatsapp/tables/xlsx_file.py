"""XLSX, read as a stream: openpyxl's read-only mode holds one row at a time (and the table of shared strings).

What the file claims of itself is not believed: it is unpacked and counted before anything is parsed. Pure: it
imports no Django.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Generator, Iterator
from datetime import date, datetime
from functools import reduce
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from whatsapp.tables.limits import (
    MB,
    MOST_COLUMNS,
    MOST_PARTS,
    RATIO,
    RATIO_FROM,
    STRINGS_MB,
    UNPACKED_MB,
)
from whatsapp.tables.refusals import Problem, Refused

_CHUNK = 1 << 18
_DIMENSION = re.compile(rb'<dimension ref="[A-Z]+\d+:([A-Z]{1,3})\d+"')
_FIRST_SHEET = "xl/worksheets/sheet1.xml"


def read_xlsx(file: BinaryIO) -> Generator[tuple[int, list[str]], None, None]:
    """Yields number and cells of each row of the first sheet. A formula is returned as its text, with the "=".

    Raises:
        Refused: not a workbook, or a broken one.
    """
    try:
        yield from _rows(file)
    except (Refused, MemoryError):
        raise
    except ParseError as error:
        if "out of memory" in str(error):
            raise MemoryError from error
        raise Refused(Problem.WORKBOOK_BROKEN, error=str(error)[:200]) from error
    except Exception as error:  # openpyxl raises whatever a broken part leads it to
        raise Refused(Problem.WORKBOOK_BROKEN, error=str(error)[:200] or type(error).__name__) from error


def unpacked(file: BinaryIO) -> int | None:
    """Unpack and count every part. Returns how many rows the first sheet has (None if it is not found).

    Raises:
        Refused: not a zip archive, or one that unpacks to too much.
    """
    total, rows = 0, None
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise Refused(Problem.TOO_MANY_PARTS, limit=MOST_PARTS)
            for part in parts:
                size, found = 0, 0
                for chunk in _chunks(archive, part):
                    size, total = size + len(chunk), total + len(chunk)
                    _refuse_bombs(part, size, total)
                    found += chunk.count(b"<row ") if part.filename == _FIRST_SHEET else 0
                if part.filename == _FIRST_SHEET:
                    rows = found
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise Refused(Problem.WORKBOOK_BROKEN, error=str(error)[:200]) from error
    file.seek(0)
    return max(rows - 1, 0) if rows else None


def _chunks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(part) as content:
        while chunk := content.read(_CHUNK):
            yield chunk


def _refuse_bombs(part: zipfile.ZipInfo, size: int, total: int) -> None:
    if total > UNPACKED_MB * MB:
        raise Refused(Problem.WORKBOOK_UNPACKED, limit=UNPACKED_MB)
    if size > RATIO_FROM and size > RATIO * part.compress_size:
        raise Refused(Problem.PACKED_TOO_TIGHTLY, limit=RATIO)
    if size > STRINGS_MB * MB and "sharedstrings" in part.filename.lower():
        raise Refused(Problem.STRINGS_UNPACKED, limit=STRINGS_MB)


def _rows(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    # A CSV is read without this library, which starts sooner.
    from openpyxl import load_workbook  # noqa: PLC0415
    from openpyxl.worksheet import _read_only  # noqa: PLC0415

    # openpyxl asks each sheet for its size first, and reads one that does not say it twice.
    _read_only.ReadOnlyWorksheet._get_size = lambda _sheet: None  # type: ignore[attr-defined]  # not in its stubs
    workbook = load_workbook(file, read_only=True)
    try:
        if not workbook.worksheets:
            return
        sheet: Any = workbook.worksheets[0]
        width = _claimed_width(sheet)
        sheet.reset_dimensions()
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            cells = [_text(value) for value in values]
            yield number, cells + [""] * (width - len(cells))
    finally:
        workbook.close()


def _claimed_width(sheet: Any) -> int:
    """Returns how many columns the sheet says it has, at most `MOST_COLUMNS`: used only to even out short rows."""
    with sheet._get_source() as source:
        found = _DIMENSION.search(source.read(4_096))
    letters = found[1].decode() if found else ""
    return min(reduce(lambda width, letter: 26 * width + ord(letter) - 64, letters, 0), MOST_COLUMNS)


def _text(value: Any) -> str:
    """Returns a cell as a person reads it: a whole number without a decimal point, a date without midnight."""
    match value:
        case None:
            return ""
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == datetime.min.time():
            return value.date().isoformat()
        case date():
            return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
        case _:
            return str(value).strip()
