"""Choosing the sheet of a workbook that its owner sees. Pure: it imports no Django."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

from whatsapp.tables.cells import Cells
from whatsapp.tables.refusals import Asked, Problem, Refused, note
from whatsapp.tables.regional import Regional, regional_of
from whatsapp.tables.xlsx_contents import opened
from whatsapp.tables.xlsx_file import read_sheet
from whatsapp.tables.xlsx_package import Package, Sheet

EXAMPLES, LOOKED_AT = 3, 50
MOST_NAMED = 10


def open_sheet(file: BinaryIO, asked_for: str, country: str) -> tuple[Iterator[Cells], dict[str, Any]]:
    """Returns the rows of the sheet that is open and visible, or of the one that was asked for, and what is known.

    Raises:
        Asked: no visible sheet with rows is the open one, and there are several.
        Refused: not a workbook, a broken one, or no sheet of that name.
    """
    package, regional = opened(file), regional_of(country)
    sheet = _chosen(package, regional, asked_for)
    hidden = [each.name for each in package.sheets if not each.is_visible and each is not sheet]
    others = [each.name for each in package.sheets if each.is_visible and each is not sheet and each.rows]
    notes = []
    if hidden:
        notes.append(note(Problem.SHEETS_HIDDEN, sheets=_listed(hidden)))
    if others:
        notes.append(note(Problem.SHEETS_NOT_READ, sheets=_listed(others), sheet=sheet.name))
    if sheet.hidden_rows:
        notes.append(note(Problem.ROWS_HIDDEN, rows=sheet.hidden_rows))
    about = max(sheet.rows - sheet.hidden_rows - 1, 0)
    known = {"about_rows": about, "sheet": sheet.name, "notes": notes, "is_sheet": True}
    return read_sheet(package, sheet, regional), known


def _chosen(package: Package, regional: Regional, asked_for: str) -> Sheet:
    if not package.sheets:
        raise Refused(Problem.FILE_EMPTY)
    if asked_for:
        found = next((each for each in package.sheets if each.name.casefold() == asked_for.strip().casefold()), None)
        if found is None:
            raise Refused(Problem.NO_SUCH_SHEET, sheet=asked_for[:60], sheets=_listed([s.name for s in package.sheets]))
        return found
    visible = [(sheet, _examples(package, sheet, regional)) for sheet in package.sheets if sheet.is_visible]
    filled = [(sheet, examples) for sheet, examples in visible if examples]
    for sheet, _its_examples in filled:
        if sheet.is_open or len(filled) == 1:
            return sheet
    if filled:
        raise Asked("sheet", [(sheet.name, examples) for sheet, examples in filled])
    raise Refused(Problem.FILE_EMPTY)


def _examples(package: Package, sheet: Sheet, regional: Regional) -> list[str]:
    """Returns the first rows of a sheet that are not empty, each as one line."""
    rows = (row.shown for row in islice(read_sheet(package, sheet, regional), LOOKED_AT) if any(row.shown))
    return [" · ".join(filter(None, cells))[:120] for cells in islice(rows, EXAMPLES)]


def _listed(names: list[str]) -> str:
    return ", ".join(f"“{name}”" for name in names[:MOST_NAMED]) + (" …" if len(names) > MOST_NAMED else "")
