"""Importing addresses that must not be messaged: from the list that was exported here, or from another program's.

A row may hold nothing but an address. Which column that is, is told by its name, or else by what is in it; a file
whose first row is a number already has no header. An import only adds: nobody who had opted out is lost by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from zoneinfo import ZoneInfo

from businesses.audit import AuditKind, record
from businesses.keeping.fingerprints import PREFIX
from businesses.models import Business, User
from businesses.pages.csv_export import as_it_was
from whatsapp.errors import BadAudience
from whatsapp.models import SuppressionCategory, SuppressionSource
from whatsapp.people.many_opt_outs import OptOut, suppress_many
from whatsapp.people.messaging_settings import region_of
from whatsapp.people.opt_out_table import category_of, column_of, source_of
from whatsapp.people.phone_numbers import NotANumber, is_bsuid, to_e164
from whatsapp.reasons import Cause, Reason
from whatsapp.tables.tables import Row, Table

CHUNK = 500
"""Rows per transaction."""
LOOKED_AT = 50
"""Rows that tell which column holds addresses."""
FIRST_YEAR = 2009
"""WhatsApp's; an earlier date is none on which somebody opted out."""
_NUMBER = re.compile(r"['+(\d][\d\s().\-/\u2010-\u2015]{6,}")
_FINGERPRINT = re.compile(re.escape(PREFIX) + r"[0-9a-f]{48}")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken, and why."""

    row: int
    given: str
    reason: Reason


@dataclass(slots=True)
class Report:
    """What an import did. `known`: rows about addresses that were on the list already."""

    added: int = 0
    known: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def import_opt_outs(
    business: Business,
    table: Table,
    *,
    category: SuppressionCategory,
    now: datetime,
    most: int | None = None,
    by: User | None = None,
) -> Report:
    """Add every address of a table to the list; `category` is that of rows that don't say their own.

    Raises:
        BadAudience: there is no column of addresses, or there are more than `most` rows. Nothing was added then.
    """
    rows = _rows_of(table)
    first = list(islice(rows, LOOKED_AT if most is None else most + 1))
    if most is not None and len(first) > most:
        raise BadAudience(Cause.TOO_MANY_OPT_OUTS, limit=most)
    reader = _Reader(business, table.header, first[:LOOKED_AT], category, now)
    report, all_rows = Report(), chain(first, rows)
    while chunk := list(islice(all_rows, CHUNK)):
        _add(business, [reader.understood(row) for row in chunk], report, by)
    if report.added:
        record(business, AuditKind.OPT_OUTS_IMPORTED, person=by, rows=report.added)
    return report


def _rows_of(table: Table) -> Iterator[Row]:
    """Yields the rows, with the first one where a file without a header took it for the header."""
    if not any(map(column_of, table.header)) and any(map(_may_be_address, table.header)):
        yield Row(1, table.header)
    yield from table.rows


def _add(business: Business, understood: Sequence[OptOut | Rejected], report: Report, by: User | None) -> None:
    opt_outs = [each for each in understood if isinstance(each, OptOut)]
    added = suppress_many(business, opt_outs, by=by)
    report.added += added
    report.known += len(opt_outs) - added
    report.rejected += [each for each in understood if isinstance(each, Rejected)]


class _Reader:
    """Understands rows of one file."""

    def __init__(
        self,
        business: Business,
        header: Sequence[str],
        first: Sequence[Row],
        category: SuppressionCategory,
        now: datetime,
    ) -> None:
        self._region, self._zone = region_of(business), ZoneInfo(business.time_zone)
        self._category, self._now = category, now
        self._columns = _columns_of(header, first, self._region)

    def understood(self, row: Row) -> OptOut | Rejected:
        """Returns what a row says, or why it is rejected."""
        given = {name: as_it_was(row.cells[at]) if at < len(row.cells) else "" for name, at in self._columns.items()}
        try:
            return self._entry(given)
        except (NotANumber, BadAudience) as error:
            return Rejected(row.number, given["address"][:140], error.reason)

    def _entry(self, given: Mapping[str, str]) -> OptOut:
        address = given["address"].replace("\0", "")
        if not is_bsuid(address) and not _FINGERPRINT.fullmatch(address):
            address = to_e164(address, self._region).e164
        return OptOut(
            address,
            self._category_of(given.get("category", "")),
            source_of(given.get("source", "")) or SuppressionSource.IMPORT,
            given.get("note", "").replace("\0", "")[:300],
            self._since(given.get("since", "")),
        )

    def _category_of(self, text: str) -> SuppressionCategory:
        found = category_of(text) if text else self._category
        if found is None:
            raise BadAudience(Cause.OPT_OUT_OF_WHAT, text=text[:60])
        return found

    def _since(self, text: str) -> datetime:
        if not text:
            return self._now
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise BadAudience(Cause.OPT_OUT_SINCE_WHEN, text=text[:60]) from None
        at = at if at.tzinfo else at.replace(tzinfo=self._zone)
        if at.year < FIRST_YEAR or at > self._now:
            raise BadAudience(Cause.OPT_OUT_SINCE_WHEN, text=text[:60])
        return at


def _columns_of(header: Sequence[str], first: Sequence[Row], region: str | None) -> dict[str, int]:
    """Returns the index of each column by its name in `opt_out_table.COLUMNS`. Raises `BadAudience`."""
    columns: dict[str, int] = {}
    for index, name in enumerate(header):
        if (column := column_of(name)) is not None:
            columns.setdefault(column, index)
    if "address" not in columns:
        found = [[row.cells[index] for row in first if index < len(row.cells)] for index in range(len(header))]
        likely = [
            (sum(_is_address(cell, region) for cell in cells), sum(map(_may_be_address, cells))) for cells in found
        ]
        if not any(map(any, likely)):
            raise BadAudience(Cause.NO_ADDRESS_COLUMN)
        columns["address"] = likely.index(max(likely))
    return columns


def _is_address(cell: str, region: str | None) -> bool:
    if is_bsuid(cell) or _FINGERPRINT.fullmatch(cell):
        return True
    try:
        return bool(to_e164(cell, region))
    except NotANumber:
        return False


def _may_be_address(cell: str) -> bool:
    """Returns whether a cell is an address, or a number of which only its own row can say what is wrong with it."""
    return is_bsuid(cell) or bool(_FINGERPRINT.fullmatch(cell) or _NUMBER.fullmatch(cell.strip()))
