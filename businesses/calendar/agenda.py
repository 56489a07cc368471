"""The plan of a day or a week as a table: which row is free, closed or taken, and by what. Pure.

Times are those of the wall clock. A row is `ROW` minutes, and what is booked covers every row that it touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from businesses.calendar.slots import Span

ROW = 30
"""Minutes of a row."""
_DAY = 24 * 60
_USUAL = (9 * 60, 17 * 60)
"""What is shown of a day on which nothing is open and nothing booked."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a calendar: when, and what (an appointment or a busy time)."""

    span: Span
    what: Any


@dataclass(frozen=True, slots=True)
class Column:
    """What one column shows: a calendar on a day. `title` is for its head."""

    day: date
    title: Any
    opened: Sequence[Span]
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: free (`start` is when), closed, or what is taken, over `rows` rows."""

    column: Column
    start: datetime
    is_open: bool
    entries: tuple[Entry, ...] = ()
    rows: int = 1


@dataclass(slots=True)
class Row:
    """A row: its time, and the cells that begin in it."""

    start: datetime
    cells: list[Cell] = field(default_factory=list)


def table(columns: Sequence[Column], zone: tzinfo) -> list[Row]:
    """Returns the rows, from the first opening or entry of any column to the last one."""
    placed = [
        (column, _parts(column.day, ((span, None) for span in column.opened), zone),
         _blocks(_parts(column.day, ((entry.span, entry) for entry in column.entries), zone)))
        for column in columns
    ]  # fmt: skip
    marks = [
        mark for _column, opened, blocks in placed for start, end, _what in (*opened, *blocks) for mark in (start, end)
    ]
    first, last = (min(marks), max(marks)) if marks else _USUAL
    starts = range(first // ROW * ROW, min(-(-last // ROW) * ROW, _DAY), ROW)
    rows = [Row(_at(columns[0].day, start, zone)) for start in starts]
    for column, opened, blocks in placed:
        for number, cell in _cells(column, opened, blocks, starts, zone):
            rows[number].cells.append(cell)
    return rows


_Part = tuple[int, int, Any]


def _parts(day: date, spans: Iterable[tuple[Span, Any]], zone: tzinfo) -> list[_Part]:
    """Returns what of each span is on this day, in minutes since midnight by the wall clock."""
    found = []
    for span, what in spans:
        start, end = _minute(day, span.start, zone), _minute(day, span.end, zone)
        if start < _DAY and end > 0 and start < end:
            found.append((max(start, 0), min(end, _DAY), what))
    return sorted(found, key=lambda part: part[:2])


def _blocks(parts: Sequence[_Part]) -> list[_Part]:
    """Returns parts that share a row as one: its first and last minute on rows, and all that is in it."""
    found: list[_Part] = []
    for start, end, what in parts:
        first, last = start // ROW * ROW, -(-end // ROW) * ROW
        if found and first < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last), (*found[-1][2], what))
        else:
            found.append((first, last, (what,)))
    return found


def _cells(
    column: Column, opened: Sequence[_Part], blocks: Sequence[_Part], starts: range, zone: tzinfo
) -> Iterator[tuple[int, Cell]]:
    covered_until = 0
    begins = {start: (end, what) for start, end, what in blocks}
    for number, start in enumerate(starts):
        if start < covered_until:
            continue
        at = _at(column.day, start, zone)
        is_open = any(first < start + ROW and start < last for first, last, _none in opened)
        if start in begins:
            covered_until, what = begins[start]
            yield number, Cell(column, at, is_open, what, (covered_until - start) // ROW)
        else:
            yield number, Cell(column, at, is_open)


def _minute(day: date, moment: datetime, zone: tzinfo) -> int:
    local = moment.astimezone(zone)
    return (local.date() - day).days * _DAY + local.hour * 60 + local.minute


def _at(day: date, minute: int, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
