"""Understanding a row of a file of contacts. No database, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from whatsapp.audience.values import is_invisible, is_plain, reason_of, stands_for_nothing, why_no_value
from whatsapp.errors import BadAudience
from whatsapp.importing.consent_words import consent_in
from whatsapp.importing.contact_layout import Layout
from whatsapp.models import Consent
from whatsapp.people.phone_numbers import NotANumber, is_bsuid, to_e164
from whatsapp.people.tagging import tidy
from whatsapp.reasons import Cause, Reason
from whatsapp.states import ColumnRole
from whatsapp.tables.refusals import Flaw
from whatsapp.tables.tables import Row

ATTRIBUTE_LIMIT = 1024
CELL_KEPT = 2_000
"""How many characters of a rejected row's cell are kept."""
_TAG = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,;]+))\s*(?:[,;]|$)')
"""A tag in a cell; exports quote those that hold a comma or semicolon."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a row says about a person. An empty field says nothing about it. `also`: their user id beside a number.

    `row` is the row's number.
    """

    address: str
    name: str
    language: str
    tags: frozenset[str]
    attributes: dict[str, str]
    consent: Consent | None = None
    consent_source: str = ""
    also: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not imported, and why."""

    row: int
    given: str
    reason: Reason
    cells: list[str]


def understood(row: Row, layout: Layout, region: str | None) -> Entry | Rejected:
    """Returns the person of a row, or why it is rejected. Numbers without a country code belong to `region`."""
    cells = row.cells
    if row.digits:
        phone = layout.places.get(ColumnRole.PHONE)
        cells = [row.digits.get(place, cell) if place == phone else cell for place, cell in enumerate(cells)]
    if "\0" in "".join(cells):
        cells = [cell.replace("\0", "") for cell in cells]  # PostgreSQL can't store zero bytes
    read = _Read(row if cells is row.cells else Row(row.number, cells, row.flaws), layout)
    try:
        return read.entry(region)
    except (NotANumber, BadAudience) as error:
        given = read.given(ColumnRole.PHONE) or read.given(ColumnRole.BSUID)
        return Rejected(row.number, given[:140], error.reason, [cell[:CELL_KEPT] for cell in cells])


@lru_cache(maxsize=1024)
def _tags_in(text: str) -> frozenset[str]:
    return frozenset(tags_in_cell(text))


def tags_in_cell(text: str) -> Iterator[str]:
    """Yields the tags of a cell, which are separated by commas or semicolons."""
    for quoted, plain in _TAG.findall(text):
        if name := tidy(quoted.replace('""', '"') or plain):
            yield name


@dataclass(frozen=True, slots=True)
class _Read:
    """A row, and what its columns are."""

    row: Row
    layout: Layout

    def entry(self, region: str | None) -> Entry:
        """Returns what the row says. Raises `NotANumber` or `BadAudience`: the row is rejected."""
        self._refuse_shifted()
        address = self._address(region)
        name = self._words(ColumnRole.NAME)
        if not name:
            name = " ".join(filter(None, map(self._words, (ColumnRole.FIRST_NAME, ColumnRole.LAST_NAME))))
        return Entry(
            address,
            name[:200],
            self._words(ColumnRole.LANGUAGE)[:10],
            _tags_in(self._words(ColumnRole.TAGS)),
            self._attributes(),
            consent_in(self._words(ColumnRole.CONSENT)),
            self._words(ColumnRole.CONSENT_SOURCE)[:200],
            self._also(address),
            self.row.number,
        )

    def given(self, role: ColumnRole) -> str:
        """Returns the cell of a fact as it is written, "" if there is none."""
        return self._cell(self.layout.places.get(role))

    def _refuse_shifted(self) -> None:
        """Refuse a row whose cells may belong to other columns."""
        for place, flaw in self.row.flaws.items():
            if flaw is Flaw.UNREADABLE:
                raise self._flawed(place, flaw)
        if len(self.row.cells) > self.layout.width and any(self.row.cells[self.layout.width :]):
            raise BadAudience(Cause.ROW_TOO_LONG)

    def _flawed(self, place: int, flaw: Flaw) -> BadAudience:
        return BadAudience(reason_of(flaw, self._name(place), self.row.cells[place]))

    def _name(self, place: int) -> str:
        return (self.layout.names[place] if place < self.layout.width else "") or str(place + 1)

    def _address(self, region: str | None) -> str:
        phone, bsuid = self._value(ColumnRole.PHONE, is_number=True), self._value(ColumnRole.BSUID)
        if phone or not bsuid:
            return to_e164(phone, region).e164
        if not is_bsuid(bsuid):
            raise NotANumber(Cause.NOT_A_USER_ID, given=bsuid[:40])
        return bsuid

    def _also(self, address: str) -> str:
        bsuid = self._value(ColumnRole.BSUID)
        return bsuid if bsuid != address and is_bsuid(bsuid) else ""

    def _words(self, role: ColumnRole) -> str:
        """Returns a fact on one line, "" if the cell stands for nothing."""
        text = " ".join(self._value(role).split())
        return "" if not text or stands_for_nothing(text) else text

    def _value(self, role: ColumnRole, *, is_number: bool = False) -> str:
        place = self.layout.places.get(role)
        return "" if place is None else self._checked(place, is_number=is_number)

    def _attributes(self) -> dict[str, str]:
        found = {name: self._checked(place) for place, name in self.layout.attributes.items()}
        for name, value in found.items():
            if len(value) > ATTRIBUTE_LIMIT:
                raise BadAudience(Cause.VALUE_TOO_LONG, name=name, length=len(value), limit=ATTRIBUTE_LIMIT)
        return {name: value for name, value in found.items() if value}

    def _checked(self, place: int, *, is_number: bool = False) -> str:
        """Returns a cell, "" if nothing of it can be seen. Raises `BadAudience` if it holds no value."""
        cell = self._cell(place)
        if self.row.flaws and (flaw := self.row.flaws.get(place)):
            raise self._flawed(place, flaw)
        if not cell or is_invisible(cell):
            return ""
        why = None if is_number or is_plain(cell) else why_no_value(cell, self._name(place))
        if why is not None and why.cause is not Cause.VALUE_IS_NOTHING:
            raise BadAudience(why)
        return cell

    def _cell(self, place: int | None) -> str:
        return self.row.cells[place] if place is not None and place < len(self.row.cells) else ""
