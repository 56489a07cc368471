"""Answering with a table that Excel opens as it is: UTF-8 with its mark, and no cell that becomes a formula."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

_FORMULA = re.compile(r"^[=+\-@\t\r]")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def csv_answer(name: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """An attachment `name`.csv. It is written whole here, while the caller still acts for its business.

    Cells are turned into text; None is empty. Give `rows` as an iterator of tuples (`values_list(…).iterator()`).
    """
    file = io.BytesIO(codecs.BOM_UTF8)
    file.seek(0, io.SEEK_END)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow([defused(cell) for cell in header])
    writer.writerows([defused(cell) for cell in row] for row in rows)
    text.flush()
    answer = HttpResponse(file.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")}.csv"'
    return answer


def defused(cell: object) -> str:
    """A cell's text. What a spreadsheet would take for a formula gets an apostrophe; an E.164 number stays as it is."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if _FORMULA.match(text) and not _E164.fullmatch(text) else text
