"""Responding with a CSV that Excel opens correctly: UTF-8 with a byte order mark, and no cell acts as a formula.

Every cell is quoted, so that no program takes a semicolon or tab within one for the beginning of the next.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse

from businesses.audit import AuditKind, record
from businesses.models import Business, Permission, User
from businesses.permissions import demand

IN_MEMORY = 1_000_000
"""Bytes of a table that are held in memory; a longer one goes to a temporary file and is streamed from there."""
_PART = 1 << 16
_FORMULA = re.compile(
    "[\\s\x00-\x1f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]"
)
"""Spreadsheets skip blanks, line breaks and invisible signs before a formula, and know full-width signs."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def csv_answer(
    name: str, header: Sequence[object], rows: Iterable[Sequence[object]]
) -> HttpResponse | StreamingHttpResponse:
    """Returns the rows as an attachment `name`.csv. They are read here, while the caller still acts for its business.

    Cells are turned into text; None becomes empty. Give `rows` as an iterator of tuples (`values_list(…).iterator()`).
    """
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed once it has been sent
    write_csv(cast("BinaryIO", file), header, rows)
    answer = _sent(file)
    answer["Content-Disposition"] = f'attachment; filename="{re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")}.csv"'
    return answer


def write_csv(file: BinaryIO, header: Sequence[object], rows: Iterable[Sequence[object]]) -> None:
    """Write the rows to an open file, in the form that `csv_answer` sends."""
    file.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([defused(cell) for cell in header])
    writer.writerows([defused(cell) for cell in row] for row in rows)
    text.flush()
    text.detach()


def people_answer(
    business: Business,
    by: User,
    what: str,
    *,
    name: str,
    header: Sequence[object],
    rows: Iterable[Sequence[object]],
    **details: str,
) -> HttpResponse | StreamingHttpResponse:
    """Returns a list of people as CSV, with an entry in the audit log: `what` is the list's code, `details` its ids.

    Every list of a business's people leaves through here. Raises `NotPermitted`.
    """
    demand(by, business, Permission.EXPORT_CONTACTS)
    record(business, AuditKind.CONTACTS_EXPORTED, person=by, what=what, **details)
    return csv_answer(name, header, rows)


def _sent(file: SpooledTemporaryFile[bytes]) -> HttpResponse | StreamingHttpResponse:
    size = file.tell()
    file.seek(0)
    if size <= IN_MEMORY:
        with file:
            return HttpResponse(file.read(), content_type="text/csv; charset=utf-8")
    length = {"Content-Length": str(size)}
    return StreamingHttpResponse(_parts(file), content_type="text/csv; charset=utf-8", headers=length)


async def _parts(file: SpooledTemporaryFile[bytes]) -> AsyncIterator[bytes]:
    with file:
        while part := await sync_to_async(file.read, thread_sensitive=False)(_PART):
            yield part


def defused(cell: object) -> str:
    """Returns a cell's text. An apostrophe disarms what looks like a formula; an E.164 number stays as it is."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if _FORMULA.match(text.lstrip("'")) and not _E164.fullmatch(text) else text


def as_it_was(cell: str) -> str:
    """Returns the text that `defused` made this cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell.lstrip("'")) else cell
