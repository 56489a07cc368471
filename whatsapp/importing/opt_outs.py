"""Importing addresses that must not be messaged: from the list that was exported here, or from another program's.

A row may hold nothing but an address. Which column that is, is told by its name and by what is in it, and asked where
several could be; a file whose first row is a number already has no header. An import only adds: nobody who had opted
out is lost by it.
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
from whatsapp.audience.column_names import is_phone_name, normalized
from whatsapp.audience.columns import place_of
from whatsapp.audience.phone_column import EXAMPLES, MOST_PHONE, names_of
from whatsapp.errors import BadAudience
from whatsapp.models import SuppressionCategory, SuppressionSource
from whatsapp.people.many_opt_outs import OptOut, suppress_many
from whatsapp.people.messaging_settings import region_of
from whatsapp.people.opt_out_table import category_of, column_of, source_of
from whatsapp.people.phone_numbers import NotANumber, is_bsuid, to_e164
from whatsapp.reasons import Cause, Reason
from whatsapp.states import FileMatter
from whatsapp.tables.readings import NO_ANSWERS, Answers, Choice, FileQuestion, Reading
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
    answers: Answers = NO_ANSWERS,
    most: int | None = None,
    by: User | None = None,
    region: str = "",
) -> Report:
    """Add every address of a table (read as `reading_by`) to the list; `category` is that of rows without their own.

    `region` is the country of numbers without one, "" for that of the business.

    Raises:
        FileQuestion: several columns could hold the addresses. Nothing was added.
        BadAudience: there is no column of addresses, or there are more than `most` rows. Nothing was added then.
    """
    rows = _rows_of(table, answers)
    first = list(islice(rows, LOOKED_AT if most is None else most + 1))
    if most is not None and len(first) > most:
        raise BadAudience(Cause.TOO_MANY_OPT_OUTS, limit=most)
    where = region or region_of(business)
    columns = _columns_of(table.header, first[:LOOKED_AT], where, answers)
    reader = _Reader(business, columns, category, now, region=where)
    report, all_rows = Report(), chain(first, rows)
    while chunk := list(islice(all_rows, CHUNK)):
        _add(business, [reader.understood(row) for row in chunk], report, by)
    if report.added:
        record(business, AuditKind.OPT_OUTS_IMPORTED, person=by, rows=report.added)
    return report


def reading_by(answers: Answers) -> Reading:
    """Returns how a table of opt-outs is opened, by what a person has said about the file."""
    return Reading(answers.encoding, answers.sheet, 0 if answers.header == "no" else None)


def _rows_of(table: Table, answers: Answers) -> Iterator[Row]:
    """Yields the rows, with the first one where a file without a header took it for the header."""
    is_named = answers.header or any(map(column_of, table.header))
    if not is_named and any(map(_may_be_address, table.header)):
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
        columns: Mapping[str, int],
        category: SuppressionCategory,
        now: datetime,
        *,
        region: str | None,
    ) -> None:
        self._region, self._zone = region, ZoneInfo(business.time_zone)
        self._category, self._now = category, now
        self._columns = columns

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


def _columns_of(header: Sequence[str], first: Sequence[Row], region: str | None, answers: Answers) -> dict[str, int]:
    """Returns the index of each column by its name in `opt_out_table.COLUMNS`.

    Raises:
        FileQuestion: several columns could hold the addresses.
        BadAudience: none could.
    """
    columns: dict[str, int] = {}
    for index, name in enumerate(header):
        if (column := column_of(name)) not in {None, "address"}:
            columns.setdefault(str(column), index)
    if answers.phone_column:
        return {**columns, "address": place_of(answers.phone_column, header)}
    return {**columns, "address": _address_column(header, first, region)}


def _address_column(header: Sequence[str], first: Sequence[Row], region: str | None) -> int:
    """Returns the index of the column with the addresses. Raises as `_columns_of`."""
    named = [at for at, name in enumerate(header) if column_of(name) == "address" or is_phone_name(normalized(name))]
    cells = {
        at: [row.cells[at] for row in first if at < len(row.cells) and row.cells[at].strip()]
        for at in named or range(len(header))
    }
    sure = {at: sum(_is_address(cell, region) for cell in found) for at, found in cells.items()}
    plausible = [at for at, found in cells.items() if sure[at] and sure[at] >= MOST_PHONE * len(found)]
    if len(plausible) > 1:
        names = names_of(header)
        choices = tuple(Choice(names[at], tuple(cells[at][:EXAMPLES])) for at in plausible)
        raise FileQuestion(FileMatter.PHONE_COLUMN, choices)
    likely = {at: (sure[at], sum(map(_may_be_address, found))) for at, found in cells.items()}
    if not named and not any(map(any, likely.values())):
        raise BadAudience(Cause.NO_ADDRESS_COLUMN)
    return max(likely, key=lambda at: likely[at])


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
