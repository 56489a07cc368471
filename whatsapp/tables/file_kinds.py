"""Telling kinds of files apart by their bytes, so that each is refused in words of its own. Pure: no Django."""

from __future__ import annotations

import re
from typing import BinaryIO

from whatsapp.tables.refusals import Problem, Refused

ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_OLD_SHEETS = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x10\x00", b"\x09\x08\x08\x00")
_EMPTY_ZIP = b"PK\x05\x06"
_OTHER = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"{\\rtf", b"\x7fELF")
_PAGE = re.compile(rb"^\s*(?:\xef\xbb\xbf)?\s*(?:<!doctype html|<html|<table|<\?xml|<workbook)", re.IGNORECASE)


def is_workbook(file: BinaryIO) -> bool:
    """Returns whether a file is in a zip archive, as workbooks are (else it may be a text), and rewinds it.

    Raises:
        Refused: a kind of file that is neither.
    """
    start = file.read(1_024)
    file.seek(0)
    if start.startswith(_OLD_OFFICE):
        raise Refused(_old_office(file))
    if start.startswith(_OLD_SHEETS):
        raise Refused(Problem.FILE_OF_OLD_EXCEL)
    if start.startswith(_EMPTY_ZIP):
        raise Refused(Problem.FILE_OF_ARCHIVE)
    if start.startswith((b"%PDF", b"{\\rtf")):
        raise Refused(Problem.FILE_OF_DOCUMENT)
    if start.startswith(_OTHER):
        raise Refused(Problem.NOT_A_TABLE)
    if _PAGE.match(start) or _PAGE.match(start.replace(b"\0", b"").lstrip(b"\xff\xfe")):
        raise Refused(Problem.FILE_OF_PAGE)
    return start.startswith(ZIP)


def _old_office(file: BinaryIO) -> Problem:
    """Returns what an old container of Office holds, by the names of its streams: new workbooks are encrypted so."""
    content = file.read()
    file.seek(0)
    if "EncryptedPackage".encode("utf-16-le") in content or "EncryptionInfo".encode("utf-16-le") in content:
        return Problem.FILE_WITH_PASSWORD
    if "WordDocument".encode("utf-16-le") in content or "PowerPoint Document".encode("utf-16-le") in content:
        return Problem.FILE_OF_DOCUMENT
    return Problem.FILE_OF_OLD_EXCEL
