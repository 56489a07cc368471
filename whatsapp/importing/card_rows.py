"""The rows of a chunk's people in the database: those that are there already, and those that are written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.utils import timezone

from businesses.models import User
from whatsapp.importing.keepsakes import Card, Keepsake
from whatsapp.insert import Clash, insert_rows
from whatsapp.models import Consent, Contact, ContactImport, ContactTag, ImportedContact, Tag
from whatsapp.people import consent, identity
from whatsapp.people.identity import People

FACTS = ("name", "language", "attributes", "consent", "consent_source", "consent_changed_at")
_COLUMNS = ("id", "phone", "bsuid", *FACTS)
_KEPT = ("rows", "is_named", "is_repeated", "given", "before")
Said = tuple[str, Consent, str]
"""An address, what its person said, and where."""
Tagged = tuple[Card, str]


def known(contact_import: ContactImport, addresses: Collection[str], people: People) -> dict[str, Card]:
    """Returns the contacts of the people with these numbers or user ids, by the key of the person."""
    rows = identity.contacts_with(contact_import.business, people.every(addresses)).values_list(*_COLUMNS)
    cards = [Card(*row) for row in rows]
    found: dict[str, Card] = {}
    for card in cards:
        for address in filter(None, (card.phone, card.bsuid)):
            other = found.setdefault(people.key(address), card)
            if address in addresses and other.phone not in addresses:
                found[people.key(address)] = card  # of two forms of one number, the one that the file has
    by_key = {card.id: card for card in found.values()}
    _add_tags(by_key)
    _add_kept(contact_import, by_key)
    return found


def _add_tags(cards: dict[UUID, Card]) -> None:
    pairs = ContactTag.objects.filter(contact__in=cards.keys()).values_list("contact_id", "tag__name")
    for key, name in pairs:
        cards[key].tags.add(name)


def _add_kept(contact_import: ContactImport, cards: dict[UUID, Card]) -> None:
    """Add what earlier chunks of the import kept."""
    rows = ImportedContact.objects.filter(contact_import=contact_import, contact__in=cards.keys())
    for row in rows.values("contact_id", *_KEPT):
        key = row.pop("contact_id")
        cards[key].kept = Keepsake(**row, is_stored=True)


def write_contacts(contact_import: ContactImport, noted: Iterable[Card], changed: Iterable[Card]) -> None:
    """Add the contacts that are new, in the order of their rows, and write the facts of those that changed."""
    new = [card for card in noted if card.is_new]
    ours, now = {"business_id": contact_import.business_id}, timezone.now()
    first = now - timedelta(microseconds=len(new))  # each a moment after the last: they are listed by their time
    added = [_columns(card, first + timedelta(microseconds=place)) for place, card in enumerate(new)]
    insert_rows(Contact, added, ours)
    # As an upsert: `bulk_update` writes a CASE with a branch for every value, five times as slow.
    insert_rows(Contact, [_columns(card, now) for card in changed], ours, clash=Clash(["id"], FACTS))


def _columns(card: Card, created_at: datetime) -> dict[str, Any]:
    return {name: getattr(card, name) for name in _COLUMNS} | {"created_at": created_at}


def write_kept(contact_import: ContactImport, noted: Iterable[Card]) -> None:
    """Write what the import keeps of each contact."""
    ours = {"business_id": contact_import.business_id, "contact_import_id": contact_import.pk}
    rows: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for card in noted:
        if kept := card.kept:
            rows[kept.is_stored].append({"contact_id": card.id} | {name: getattr(kept, name) for name in _KEPT})
    insert_rows(ImportedContact, rows[False], ours)
    insert_rows(ImportedContact, rows[True], ours, clash=Clash(["contact_import_id", "contact_id"], _KEPT))


def write_consents(contact_import: ContactImport, said: Iterable[Said], *, now: datetime, by: User | None) -> None:
    """Add to the history what people said."""
    for (what, source), group in groupby(sorted(said, key=itemgetter(1, 2)), key=itemgetter(1, 2)):
        addresses = [address for address, _what, _source in group]
        consent.note(contact_import.business, addresses, consent.STEP_OF[what], source=source, now=now, by=by)


def write_tags(contact_import: ContactImport, tagged: Sequence[Tagged]) -> None:
    """Give contacts their tags, which are created if needed. Somebody else may be tagging them, too."""
    business, names = contact_import.business, sorted({name for _card, name in tagged})
    if not names:
        return
    Tag.objects.bulk_create([Tag(business=business, name=name) for name in names], ignore_conflicts=True)
    keys = dict(Tag.objects.filter(business=business, name__in=names).values_list("name", "pk"))
    pairs: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for card, name in tagged:
        pairs[card.is_new].append({"contact_id": card.id, "tag_id": keys[name]})
    insert_rows(ContactTag, pairs[True], {"business_id": business.pk})
    insert_rows(ContactTag, pairs[False], {"business_id": business.pk}, clash=Clash(["tag_id", "contact_id"]))
