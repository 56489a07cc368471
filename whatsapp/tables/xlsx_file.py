"""XLSX, read as a stream: openpyxl's read-only mode holds one row at a time (and the table of shared strings)."""

from __future__ import annotations

import zipfile
from collections.abc import Generator
from datetime import date, datetime
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from whatsapp.errors import BadAudience
from whatsapp.reasons import Cause

UNPACKED_LIMIT = 2_000_000_000
"""Bytes when unpacked. A million rows of ten columns take about a quarter; more is a zip bomb or a mistake."""


def read_xlsx(file: BinaryIO) -> Generator[tuple[int, list[str]], None, None]:
    """Yields number and cells of each row of the first sheet. A formula is returned as its text, with the "=".

    Raises:
        BadAudience: not a workbook, or a broken one.
    """
    try:
        _refuse_bombs(file)
        workbook = load_workbook(file, read_only=True)
        try:
            rows = workbook.worksheets[0].iter_rows(values_only=True) if workbook.worksheets else iter(())
            for number, values in enumerate(rows, start=1):
                yield number, [_text(value) for value in values]
        finally:
            workbook.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, ParseError, EOFError) as error:
        raise BadAudience(Cause.WORKBOOK_BROKEN, error=str(error)) from error


def _refuse_bombs(file: BinaryIO) -> None:
    with zipfile.ZipFile(file) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    file.seek(0)
    if size > UNPACKED_LIMIT:
        raise BadAudience(Cause.WORKBOOK_TOO_LARGE)


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
