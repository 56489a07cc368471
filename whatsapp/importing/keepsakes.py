"""What an import keeps of each contact: what its rows said, and what stood there before. Pure: no database, no clock.

The rows are those of one person in one import. `ImportedContact` says what the two columns hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from whatsapp.importing.rows import Entry
from whatsapp.models import Consent

Said = dict[str, Any]


@dataclass(slots=True, eq=False)
class Keepsake:
    """What an import keeps of a contact, with the columns of `ImportedContact`. `is_stored`: by an earlier chunk."""

    rows: list[int] = field(default_factory=list)
    is_named: bool = False
    is_repeated: bool = False
    given: Said | None = None
    before: Said | None = None
    is_stored: bool = False


@dataclass(slots=True, eq=False)
class Card:
    """A contact while rows are put on it: its columns, its tags, and what the import keeps of it.

    A model takes ten times as long to make, and there is one for each row.
    """

    id: UUID
    phone: str | None = None
    bsuid: str | None = None
    name: str = ""
    language: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    consent: str = Consent.UNKNOWN
    consent_source: str = ""
    consent_changed_at: datetime | None = None
    is_new: bool = False
    tags: set[str] = field(default_factory=set)
    kept: Keepsake | None = None


def unsaid(read: Keepsake, entry: Entry) -> Entry:
    """Returns a row without what earlier rows of the import have said about the person: the first one counts."""
    said = read.given or {}
    if not said and not read.is_named:
        return entry
    earlier = said.get("attributes", {})
    return replace(
        entry,
        name="" if read.is_named else entry.name,
        language="" if said.get("language") else entry.language,
        attributes={name: value for name, value in entry.attributes.items() if name not in earlier},
    )


def remember_before(read: Keepsake, contact: Card, entry: Entry) -> None:
    """Note what a row is about to replace. Of a contact that the import added nothing is noted."""
    if read.before is None:
        return
    if entry.name:
        read.before["name"] = contact.name
    if entry.language:
        read.before["language"] = contact.language
    replaced = {name: contact.attributes[name] for name in entry.attributes if name in contact.attributes}
    if replaced:
        read.before["attributes"] = {**read.before.get("attributes", {}), **replaced}


def remember_given(read: Keepsake, entry: Entry, tags: frozenset[str]) -> None:
    """Note what a row said, and the tags that the contact had not had."""
    if read.given is None:
        return
    if entry.name:
        read.given["name"] = entry.name
    if entry.language:
        read.given["language"] = entry.language
    if entry.attributes:
        read.given["attributes"] = {**read.given.get("attributes", {}), **entry.attributes}
    if tags:
        read.given["tags"] = sorted({*read.given.get("tags", ()), *tags})
