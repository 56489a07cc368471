"""XLSX, read as a stream: one row of one sheet at a time, each cell as its spreadsheet shows it. Pure: no Django.

Where a cell's value is another than what is shown, what is shown counts: percent, currencies, days, leading zeros.
Hidden rows, which a filter makes too, are not shown and not read; the reader is told how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from whatsapp.tables.cells import Cells, tidied
from whatsapp.tables.format_codes import Unclear
from whatsapp.tables.limits import WIDEST_ROW
from whatsapp.tables.number_formats import GENERAL, code_of, exact, is_of_time, shown, shown_text
from whatsapp.tables.refusals import Flaw, Problem, Refused
from whatsapp.tables.regional import Regional
from whatsapp.tables.xlsx_package import Package, Sheet, broken_is_refused, local, parser_for, unescaped

SHORT_GENERAL = 11
"""Digits of a whole number that the format General shows as they are."""


def read_sheet(package: Package, sheet: Sheet, regional: Regional) -> Iterator[Cells]:
    """Yields the rows of a sheet that are not hidden, empty ones too.

    Raises:
        Refused: the sheet is broken.
    """
    reader = _Rows(package, regional)
    parser = parser_for(reader.start, reader.end, reader.text)
    with broken_is_refused():
        for chunk in package.chunks(sheet.part):
            parser.Parse(chunk, False)
            yield from reader.taken()
        parser.Parse(b"", True)
        yield from reader.taken()


class _Rows:
    """Collects rows from the events of the parser."""

    def __init__(self, package: Package, regional: Regional) -> None:
        self._values = _Values(package, regional)
        self._done: list[Cells] = []
        self._number = self._column = 0
        self._is_hidden = False
        self._cells: dict[int, str] = {}
        self._flaws: dict[int, Flaw] = {}
        self._digits: dict[int, str] = {}
        self._kind, self._style = "", 0
        self._value: list[str] | None = None
        self._formula: list[str] | None = None
        self._inline: list[str] = []
        self._collecting: list[str] | None = None
        self._is_reading = False
        self._columns: dict[str, int] = {}

    def taken(self) -> Iterator[Cells]:
        """Yields the rows that have ended, and forgets them."""
        done, self._done = self._done, []
        yield from done

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name not in _KNOWN:
            name = local(name)
        if name == "c":
            reference = attributes.get("r")
            self._column = self._index(reference) if reference else self._column + 1
            self._kind = attributes.get("t", "n")
            self._style = int(attributes.get("s") or 0)
            self._value = self._formula = None
            self._inline = []
        elif name == "v":
            self._value = self._collecting = []
        elif name == "f":
            self._formula = self._collecting = []
        elif name == "t":
            self._collecting = None if self._is_reading else self._inline
        elif name == "rPh":
            self._is_reading = True
        elif name == "row":
            number = attributes.get("r", "")
            self._number = max(int(number) if number.isdigit() else 0, self._number + 1)
            self._is_hidden = attributes.get("hidden") in _YES
            self._column = -1
            self._cells, self._flaws, self._digits = {}, {}, {}

    def end(self, name: str) -> None:
        """An element ends."""
        if name not in _KNOWN:
            name = local(name)
        if name == "c":
            self._end_cell()
        elif name in {"v", "f", "t"}:
            self._collecting = None
        elif name == "rPh":
            self._is_reading = False
        elif name == "row" and not self._is_hidden:
            width = max(self._cells, default=-1) + 1
            cells = [self._cells.get(place, "") for place in range(width)]
            self._done.append(Cells(self._number, cells, self._flaws, self._digits))

    def text(self, content: str) -> None:
        """Text within the current element."""
        if self._collecting is not None:
            self._collecting.append(content)

    def _end_cell(self) -> None:
        value = None if self._value is None else "".join(self._value)
        if self._kind == "inlineStr":
            value = "".join(self._inline)
        if value is None and self._formula is None:
            return
        column = self._column
        if value is None or (not value and self._formula is not None and self._kind != "str"):
            flaw: Flaw | None = Flaw.FORMULA
            text, digits = f"={''.join(self._formula or ())}", ""
        else:
            text, flaw, digits = self._values.shown(self._kind, self._style, value)
        text = tidied(text)
        if (text or flaw) and column >= WIDEST_ROW:
            raise Refused(Problem.ROW_TOO_WIDE, row=self._number, limit=WIDEST_ROW)
        if text:
            self._cells[column] = text
        if flaw:
            self._flaws[column] = flaw
            self._cells.setdefault(column, "?")
        if digits:
            self._digits[column] = digits

    def _index(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        found = self._columns.get(letters)
        if found is None:
            found = 0
            for letter in letters.upper():
                found = 26 * found + ord(letter) - 64
            self._columns[letters] = found = found - 1
        if found < 0:
            raise ValueError(f"cell {reference[:20]}")
        return found


_KNOWN = frozenset({"c", "v", "f", "t", "row", "rPh", "is", "r"})
_YES = frozenset({"1", "true"})


class _Values:
    """Shows values by the formats of their workbook."""

    def __init__(self, package: Package, regional: Regional) -> None:
        self._package, self._regional = package, regional
        self._codes: dict[int, str | None] = {}

    def shown(self, kind: str, style: int, value: str) -> tuple[str, Flaw | None, str]:
        """Returns what a cell shows, why that is no value, and the digits that it does not show."""
        if kind == "e":
            return value or "#N/A", Flaw.ERROR, ""
        try:
            if kind == "b":
                return ("TRUE" if value.strip() in _YES else "FALSE"), None, ""
            if kind in {"s", "str", "inlineStr"}:
                return self._text(self._shared(int(value)) if kind == "s" else unescaped(value), style)
            if kind == "d":
                value = str(_serial(value, is_1904=self._package.is_1904))
            return self._number(value.strip(), style)
        except Unclear:
            return value, Flaw.UNCLEAR, ""

    def _shared(self, number: int) -> str:
        if number < 0:  # Python would count from the end
            raise ValueError(f"shared text {number}")
        return self._package.texts[number]

    def _text(self, text: str, style: int) -> tuple[str, Flaw | None, str]:
        code = self._code(style)
        return (text if code in {GENERAL, "@", None} else shown_text(text, code or "")), None, ""

    def _number(self, written: str, style: int) -> tuple[str, Flaw | None, str]:
        code = self._code(style)
        if not written:
            return "", None, ""
        if code == GENERAL and written.isdigit() and len(written) <= SHORT_GENERAL:
            return str(int(written)), None, ""
        value = exact(written)
        if code is None:
            raise Unclear
        text = shown(value, code, self._regional, is_1904=self._package.is_1904)
        return text, None, "" if is_of_time(code) and "#" not in text else _hidden_digits(value, text)

    def _code(self, style: int) -> str | None:
        if style not in self._codes:
            formats = self._package.formats
            number = formats[style] if 0 <= style < len(formats) else 0
            code = code_of(number, self._package.own_formats, self._regional)
            self._codes[style] = GENERAL if code is not None and code.strip().lower() in {"", "general"} else code
        return self._codes[style]


def _hidden_digits(value: Any, text: str) -> str:
    """Returns the digits of a whole number that is shown with fewer of them, "" otherwise."""
    if value != value.to_integral_value() or value <= 0 or value.adjusted() > 14:
        return ""
    digits = str(int(value))
    return "" if digits in "".join(sign for sign in text if sign.isdigit()) else digits


def _serial(written: str, *, is_1904: bool) -> float:
    """Returns a moment in ISO 8601 as a number of days. Raises `Unclear`."""
    try:
        moment = datetime.fromisoformat(written.strip().removesuffix("Z"))
        base = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - days on a calendar
        return (moment.replace(tzinfo=None) - base).total_seconds() / 86_400
    except ValueError:
        raise Unclear from None
