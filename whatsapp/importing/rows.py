"""Understanding a row of a file of contacts. No database, no clock."""

from __future__ import annotations

from dataclasses import dataclass

from whatsapp.errors import BadAudience
from whatsapp.importing.contact_layout import Layout
from whatsapp.people.phone_numbers import NotANumber, is_bsuid, to_e164
from whatsapp.people.tagging import tidy
from whatsapp.reasons import Cause, Reason
from whatsapp.tables.tables import Row

ATTRIBUTE_LIMIT = 1024
CELL_KEPT = 2_000
"""How many characters of a rejected row's cell are kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a row says about a person. An empty field says nothing about it."""

    address: str
    name: str
    language: str
    tags: frozenset[str]
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not imported, and why."""

    row: int
    given: str
    reason: Reason
    cells: list[str]


def understood(row: Row, layout: Layout, region: str | None) -> Entry | Rejected:
    """Returns the person of a row, or why it is rejected. Numbers without a country code belong to `region`."""
    cells = [cell.replace("\0", "") for cell in row.cells]  # PostgreSQL can't store zero bytes
    try:
        return _entry(cells, layout, region)
    except (NotANumber, BadAudience) as error:
        given = _cell(cells, layout.phone) or _cell(cells, layout.bsuid)
        return Rejected(row.number, given[:140], error.reason, [cell[:CELL_KEPT] for cell in cells])


def _entry(cells: list[str], layout: Layout, region: str | None) -> Entry:
    phone, bsuid = _cell(cells, layout.phone), _cell(cells, layout.bsuid)
    if not phone and bsuid and not is_bsuid(bsuid):
        raise NotANumber(Cause.NOT_A_USER_ID, given=bsuid[:40])
    address = bsuid if not phone and bsuid else to_e164(phone, region).e164
    attributes = {name: _cell(cells, index) for index, name in layout.attributes.items() if _cell(cells, index)}
    for name, value in attributes.items():
        if len(value) > ATTRIBUTE_LIMIT:
            raise BadAudience(Cause.VALUE_TOO_LONG, name=name, length=len(value), limit=ATTRIBUTE_LIMIT)
    written = _cell(cells, layout.tags).replace(";", ",").split(",")
    tags = frozenset(filter(None, map(tidy, written)))
    return Entry(address, _cell(cells, layout.name)[:200], _cell(cells, layout.language)[:10], tags, attributes)


def _cell(cells: list[str], index: int | None) -> str:
    return cells[index] if index is not None and index < len(cells) else ""
