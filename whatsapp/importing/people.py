"""Writing what the rows of a chunk say about people: new people are added, known ones updated."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from businesses.models import User
from whatsapp.importing.keepsakes import Said, remember_before, remember_given, unsaid
from whatsapp.importing.rows import Entry
from whatsapp.models import Consent, Contact, ContactImport, ContactTag, ImportedContact, Tag, TieSource
from whatsapp.people import consent, identity, ties
from whatsapp.people.identity import People
from whatsapp.people.ties import Tie

MOST_ROWS = 20
"""Rows of one person whose numbers are kept."""
FIELDS = ("name", "language", "attributes", "consent", "consent_source", "consent_changed_at")


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
        self.people = identity.people(contact_import.business, {entry.address for entry in entries})
        self.contacts = _known(contact_import, {entry.address for entry in entries}, self.people)
        self.tags = _tags_of(self.contacts.values())
        self.tags_for_all = frozenset(contact_import.tags)
        self.read = _read_before(contact_import, self.contacts.values())
        self.new: list[Contact] = []
        self.changed: dict[UUID, Contact] = {}
        self.touched: dict[UUID, ImportedContact] = {}
        self.said: list[tuple[str, Consent, str]] = []
        self.tagged: list[tuple[Contact, str]] = []

    def note(self, entry: Entry) -> RowEffect:
        """Note what a row says, and return what it changes."""
        person = self.people.key(entry.address)
        contact = self.contacts.get(person)
        if contact is None:
            field = "phone" if entry.address.startswith("+") else "bsuid"
            contact = Contact(business_id=self.contact_import.business_id, **{field: entry.address})
            contact.bsuid = entry.also or contact.bsuid
            self.contacts[person] = contact
            self.new.append(contact)
            read = self._read(contact, given={"address": contact.address}, before=None)
            self._take(contact, entry, read)
            return RowEffect.ADDED
        read = self._read(contact, given={}, before={})
        has_news, has_tags = self._take(contact, unsaid(read, entry), read)
        if has_news and not contact._state.adding:
            self.changed[contact.pk] = contact
        return RowEffect.UPDATED if has_tags or has_news else RowEffect.UNCHANGED

    def _read(self, contact: Contact, *, given: Said, before: Said | None) -> ImportedContact:
        """Returns what the import has read of this contact; if that is nothing yet, a row with `given` and `before`."""
        read = self.read.get(contact.pk) or ImportedContact(
            business_id=contact.business_id,
            contact_import=self.contact_import,
            contact=contact,
            rows=[],
            given=given,
            before=before,
        )
        self.read[contact.pk] = self.touched[contact.pk] = read
        return read

    def _take(self, contact: Contact, entry: Entry, read: ImportedContact) -> tuple[bool, bool]:
        """Put a row on a contact, and note it in `read`. Returns whether there are new facts, and new tags."""
        read.rows = [*read.rows, entry.row][:MOST_ROWS]
        read.is_named, read.is_repeated = read.is_named or bool(entry.name), len(read.rows) > 1
        remember_before(read, contact, entry)
        consent_before = contact.consent
        has_news, tags = self._facts(contact, entry), self._tags(contact, entry)
        remember_given(read, entry, tags)
        if read.given is not None and contact.consent != consent_before:
            read.given |= {"consent": str(contact.consent), "consent_at": self.now.isoformat()}
        return has_news, bool(tags)

    def _facts(self, contact: Contact, entry: Entry) -> bool:
        """Put a row's facts on a contact. Returns whether anything is new."""
        before = (contact.name, contact.language, contact.attributes, contact.consent)
        contact.name, contact.language = entry.name or contact.name, entry.language or contact.language
        contact.attributes = {**contact.attributes, **entry.attributes}
        self._consent(contact, entry)
        return before != (contact.name, contact.language, contact.attributes, contact.consent)

    def _consent(self, contact: Contact, entry: Entry) -> None:
        """Put a consent on a contact. A withdrawal always counts; an agreement counts for those not asked before."""
        source = entry.consent_source or self.contact_import.consent_source
        if entry.consent == Consent.WITHDRAWN and contact.consent != Consent.WITHDRAWN:
            contact.consent, contact.consent_source = Consent.WITHDRAWN, source
        elif contact.consent == Consent.UNKNOWN and (
            entry.consent == Consent.GRANTED or (entry.consent is None and self.contact_import.consent_source)
        ):
            contact.consent, contact.consent_source = Consent.GRANTED, source
        else:
            return
        contact.consent_changed_at = self.now
        self.said.append((entry.address, Consent(contact.consent), source))

    def _tags(self, contact: Contact, entry: Entry) -> frozenset[str]:
        missing = (entry.tags | self.tags_for_all) - self.tags[contact.pk]
        self.tags[contact.pk] |= missing
        self.tagged += [(contact, name) for name in sorted(missing)]
        return missing

    def write(self, *, by: User | None) -> None:
        """Write everything that was noted; `by` is named in the history of consents."""
        business = self.contact_import.business
        Contact.objects.bulk_create(self.new)
        # As an upsert: `bulk_update` writes a CASE with a branch for every value, five times as slow.
        Contact.objects.bulk_create(
            self.changed.values(), update_conflicts=True, unique_fields=["id"], update_fields=FIELDS
        )
        ImportedContact.objects.bulk_create(
            self.touched.values(),
            update_conflicts=True,
            unique_fields=["contact_import", "contact"],
            update_fields=["rows", "is_named", "is_repeated", "given", "before"],
        )
        for (said, source), group in groupby(sorted(self.said, key=itemgetter(1, 2)), key=itemgetter(1, 2)):
            addresses = [address for address, _said, _source in group]
            consent.note(business, addresses, consent.STEP_OF[said], source=source, now=self.now, by=by)
        names = sorted({name for _contact, name in self.tagged})
        if names:
            Tag.objects.bulk_create([Tag(business=business, name=name) for name in names], ignore_conflicts=True)
            keys = dict(Tag.objects.filter(business=business, name__in=names).values_list("name", "pk"))
            pairs = [ContactTag(business=business, contact=each, tag_id=keys[name]) for each, name in self.tagged]
            ContactTag.objects.bulk_create(pairs, ignore_conflicts=True)


def _known(contact_import: ContactImport, addresses: set[str], people: People) -> dict[str, Contact]:
    """Returns the contacts of the people with these numbers or user ids, by the key of the person."""
    contacts = identity.contacts_with(contact_import.business, people.every(addresses))
    found: dict[str, Contact] = {}
    for contact in contacts:
        for address in filter(None, (contact.phone, contact.bsuid)):
            known = found.setdefault(people.key(address), contact)
            if address in addresses and known.phone not in addresses:
                found[people.key(address)] = contact  # of two forms of one number, the one that the file has
    return found


def _read_before(contact_import: ContactImport, contacts: Iterable[Contact]) -> dict[UUID, ImportedContact]:
    """Returns those of these contacts that earlier rows of the import were about."""
    keys = [contact.pk for contact in contacts]
    found = ImportedContact.objects.filter(contact_import=contact_import, contact__in=keys)
    return {known.contact_id: known for known in found}


def _tags_of(contacts: Iterable[Contact]) -> defaultdict[UUID, set[str]]:
    tags: defaultdict[UUID, set[str]] = defaultdict(set)
    pairs = ContactTag.objects.filter(contact__in=[contact.pk for contact in contacts])
    for key, name in pairs.values_list("contact_id", "tag__name"):
        tags[key].add(name)
    return tags
