"""What an import keeps of each contact: what its rows said, and what stood there before. Pure: no database, no clock.

The rows are those of one person in one import. `ImportedContact` says what the two columns hold.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from whatsapp.importing.rows import Entry
from whatsapp.models import Contact, ImportedContact

Said = dict[str, Any]


def unsaid(read: ImportedContact, entry: Entry) -> Entry:
    """Returns a row without what earlier rows of the import have said about the person: the first one counts."""
    said = read.given or {}
    earlier = said.get("attributes", {})
    return replace(
        entry,
        name="" if read.is_named else entry.name,
        language="" if said.get("language") else entry.language,
        attributes={name: value for name, value in entry.attributes.items() if name not in earlier},
    )


def remember_before(read: ImportedContact, contact: Contact, entry: Entry) -> None:
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


def remember_given(read: ImportedContact, entry: Entry, tags: frozenset[str]) -> None:
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
