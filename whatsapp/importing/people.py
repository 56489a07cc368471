"""Writing what the rows of a chunk say about people: new people are added, known ones updated."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from uuid import UUID

from businesses.models import User
from whatsapp.importing import card_rows
from whatsapp.importing.keepsakes import Card, Keepsake, remember_before, remember_given, unsaid
from whatsapp.importing.rows import Entry
from whatsapp.models import Consent, ContactImport, TieSource
from whatsapp.people import identity, ties
from whatsapp.people.ties import Tie

MOST_ROWS = 20
"""Rows of one person whose numbers are kept."""


class RowEffect(Enum):
    """What a row changed. Of two rows about a new person the first adds them, and the second may update them."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


def save(contact_import: ContactImport, entries: Sequence[Entry], *, now: datetime) -> Counter[RowEffect]:
    """Write the people of a chunk, in the caller's transaction. Returns the number of rows by effect.

    A row with a number and a user id says that both are one person's. An import with a `consent_source` records that
    these people agreed to get messages. It changes nothing for those who have withdrawn.

    Of several rows of one person, the first that has a name gives it; so with the language and with each attribute.
    `ImportedContact` keeps which rows they were, and what is needed to undo the import (`undoing`).
    """
    both = [Tie(entry.address, entry.also, TieSource.CONTACT) for entry in entries if entry.also]
    ties.learn(contact_import.business, both, now=now)
    people = _People(contact_import, entries, now)
    outcomes = Counter(people.note(entry) for entry in entries)
    people.write(by=contact_import.created_by)
    return outcomes


class _People:
    """The people of a chunk while its rows are noted one by one, and what is to be written about them."""

    def __init__(self, contact_import: ContactImport, entries: Sequence[Entry], now: datetime) -> None:
        self.contact_import, self.now = contact_import, now
        addresses = {entry.address for entry in entries}
        self.people = identity.people(contact_import.business, addresses)
        self.cards = card_rows.known(contact_import, addresses, self.people)
        self.tags_for_all = frozenset(contact_import.tags)
        self.noted: dict[UUID, Card] = {}
        self.changed: dict[UUID, Card] = {}
        self.said: list[card_rows.Said] = []
        self.tagged: list[card_rows.Tagged] = []

    def note(self, entry: Entry) -> RowEffect:
        """Note what a row says, and return what it changes."""
        person = self.people.key(entry.address)
        card = self.cards.get(person)
        if card is None:
            card = self.cards[person] = _new(entry)
            kept = self._kept(card, Keepsake(given={"address": card.phone or card.bsuid}))
            self._take(card, entry, kept)
            return RowEffect.ADDED
        kept = self._kept(card, Keepsake(given={}, before={}))
        has_news, has_tags = self._take(card, unsaid(kept, entry), kept)
        if has_news and not card.is_new:
            self.changed[card.id] = card
        return RowEffect.UPDATED if has_tags or has_news else RowEffect.UNCHANGED

    def _kept(self, card: Card, otherwise: Keepsake) -> Keepsake:
        """Returns what the import keeps of this contact: that is `otherwise` if no row was about it yet."""
        self.noted[card.id] = card
        card.kept = card.kept or otherwise
        return card.kept

    def _take(self, card: Card, entry: Entry, kept: Keepsake) -> tuple[bool, bool]:
        """Put a row on a contact, and note it in `kept`. Returns whether there are new facts, and new tags."""
        kept.rows = [*kept.rows, entry.row][:MOST_ROWS]
        kept.is_named, kept.is_repeated = kept.is_named or bool(entry.name), len(kept.rows) > 1
        remember_before(kept, card, entry)
        consent_before = card.consent
        has_news, tags = self._facts(card, entry), self._tags(card, entry)
        remember_given(kept, entry, tags)
        if kept.given is not None and card.consent != consent_before:
            kept.given |= {"consent": str(card.consent), "consent_at": self.now.isoformat()}
        return has_news, bool(tags)

    def _facts(self, card: Card, entry: Entry) -> bool:
        """Put a row's facts on a contact. Returns whether anything is new."""
        before = (card.name, card.language, card.attributes, card.consent)
        card.name, card.language = entry.name or card.name, entry.language or card.language
        card.attributes = {**card.attributes, **entry.attributes}
        self._consent(card, entry)
        return before != (card.name, card.language, card.attributes, card.consent)

    def _consent(self, card: Card, entry: Entry) -> None:
        """Put a consent on a contact. A withdrawal always counts; an agreement counts for those not asked before."""
        source = entry.consent_source or self.contact_import.consent_source
        if entry.consent == Consent.WITHDRAWN and card.consent != Consent.WITHDRAWN:
            card.consent, card.consent_source = Consent.WITHDRAWN, source
        elif card.consent == Consent.UNKNOWN and (
            entry.consent == Consent.GRANTED or (entry.consent is None and self.contact_import.consent_source)
        ):
            card.consent, card.consent_source = Consent.GRANTED, source
        else:
            return
        card.consent_changed_at = self.now
        self.said.append((entry.address, Consent(card.consent), source))

    def _tags(self, card: Card, entry: Entry) -> frozenset[str]:
        missing = (entry.tags | self.tags_for_all) - card.tags
        card.tags |= missing
        self.tagged += [(card, name) for name in sorted(missing)]
        return missing

    def write(self, *, by: User | None) -> None:
        """Write everything that was noted; `by` is named in the history of consents."""
        card_rows.write_contacts(self.contact_import, self.noted.values(), self.changed.values())
        card_rows.write_kept(self.contact_import, self.noted.values())
        card_rows.write_consents(self.contact_import, self.said, now=self.now, by=by)
        card_rows.write_tags(self.contact_import, self.tagged)


def _new(entry: Entry) -> Card:
    is_phone = entry.address.startswith("+")
    phone, bsuid = (entry.address, None) if is_phone else (None, entry.address)
    return Card(uuid.uuid4(), phone, entry.also or bsuid, is_new=True)
