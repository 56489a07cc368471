"""Undoing an import: contacts that it added are removed, those that it changed get back what they had.

Only what is still as the import left it is touched. A contact that the import added stays once anything has happened to
it: it was edited, written to, has written, or another import read it. A field that somebody changed since keeps its new
value. An agreement that the import recorded is taken back; a withdrawal never is.

It is done in parts, each in a transaction that also deletes the part's `ImportedContact` rows: an undoing that was
killed goes on with the rest when it is asked for again, and of two at once each contact is one's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from businesses.audit import AuditKind, record
from businesses.models import User
from whatsapp.models import (
    Consent,
    ConsentStep,
    Contact,
    ContactImport,
    ContactMerge,
    ContactTag,
    DirectMessage,
    ImportedContact,
    InboundMessage,
    Recipient,
    ThreadNote,
)
from whatsapp.people import consent, many_contacts, tagging

UNDOABLE = timedelta(days=7)
"""After that, people have worked with the contacts."""
AT_ONCE = 2_000
_FIELDS = ("name", "language", "attributes", "consent", "consent_source", "consent_changed_at")


def undoable_until(made: ContactImport, *, now: datetime) -> datetime | None:
    """Returns until when the import can be undone; None if it can't be."""
    if not made.is_over or made.finished_at is None or made.undone_at or now >= made.finished_at + UNDOABLE:
        return None
    if not ImportedContact.objects.filter(contact_import=made, given__isnull=False).exists():
        return None
    return made.finished_at + UNDOABLE


def undo(made: ContactImport, *, now: datetime, by: User) -> bool:
    """Undo an import. Returns whether it could be undone and nobody had done it before."""
    if undoable_until(made, now=now) is None:
        return False
    while _part(made, now=now, by=by):
        pass
    with transaction.atomic():
        if not ContactImport.objects.filter(pk=made.pk, undone_at=None).update(undone_at=now):
            return False
        made.refresh_from_db()
        record(made.business, AuditKind.IMPORT_UNDONE, person=by, people=(made.undone or {}).get("removed", 0))
    return True


def _part(made: ContactImport, *, now: datetime, by: User) -> bool:
    """Undo some of the contacts. Returns whether there were any left."""
    with transaction.atomic():
        locked = ContactImport.objects.select_for_update().get(pk=made.pk)
        rows = list(ImportedContact.objects.filter(contact_import=made).order_by("pk")[:AT_ONCE])
        if not rows:
            return False
        keys = [row.contact_id for row in rows]
        contacts = {each.pk: each for each in Contact.objects.select_for_update().filter(pk__in=keys).order_by("pk")}
        done = _Undoing(made, rows, contacts).run(now=now, by=by)
        ImportedContact.objects.filter(pk__in=[row.pk for row in rows]).delete()
        locked.undone = dict(Counter(locked.undone or {}) + done)
        locked.save(update_fields=["undone"])
    return True


class _Undoing:
    """Some contacts of an import while it is decided what becomes of each."""

    def __init__(self, made: ContactImport, rows: Sequence[ImportedContact], contacts: dict[UUID, Contact]) -> None:
        self.made, self.rows, self.contacts = made, [row for row in rows if row.contact_id in contacts], contacts
        self.tags: defaultdict[UUID, set[str]] = defaultdict(set)
        pairs = ContactTag.objects.filter(contact__in=contacts.keys()).values_list("contact_id", "tag__name")
        for key, name in pairs:
            self.tags[key].add(name)
        self.read_later = _read_later(made, self.rows)
        self.lived = _lived(made, [contacts[row.contact_id] for row in self.rows if row.before is None])
        self.untag: defaultdict[str, list[Contact]] = defaultdict(list)
        self.not_asked: list[str] = []

    def run(self, *, now: datetime, by: User) -> Counter[str]:
        """Write what becomes of the contacts. Returns their numbers: removed, restored, kept as they are."""
        removed, restored = [], []
        for row in self.rows:
            contact = self.contacts[row.contact_id]
            if row.given is None or row.pk in self.read_later:
                continue
            if row.before is None and self._is_as_added(contact, row):
                removed.append(contact)
                self._ungrant(contact, row, now)
                for name in row.given.get("tags", ()):
                    self.untag[name].append(contact)
            elif row.before is not None and self._restore(contact, row, now):
                restored.append(contact)
        self._write(removed, restored, now=now, by=by)
        kept = len(self.rows) - len(removed) - len(restored)
        return Counter(removed=len(removed), restored=len(restored), kept=kept)

    def _is_as_added(self, contact: Contact, row: ImportedContact) -> bool:
        given = row.given or {}
        is_same = (
            contact.address == given.get("address")
            and (contact.name, contact.language) == (given.get("name", ""), given.get("language", ""))
            and contact.attributes == given.get("attributes", {})
            and contact.consent == given.get("consent", Consent.UNKNOWN)
            and self.tags[contact.pk] == set(given.get("tags", ()))
        )
        return is_same and contact.last_inbound_at is None and contact.pk not in self.lived

    def _restore(self, contact: Contact, row: ImportedContact, now: datetime) -> bool:
        """Give a contact back what it had where it still is what the import made it. Returns whether it changes."""
        given, before = row.given or {}, row.before or {}
        facts = (contact.name, contact.language, contact.attributes, contact.consent)
        for name in ("name", "language"):
            if name in given and getattr(contact, name) == given[name]:
                setattr(contact, name, before.get(name, ""))
        earlier = before.get("attributes", {})
        same = {name for name, value in given.get("attributes", {}).items() if contact.attributes.get(name) == value}
        contact.attributes = {name: value for name, value in contact.attributes.items() if name not in same} | {
            name: earlier[name] for name in same & earlier.keys()
        }
        self._ungrant(contact, row, now)
        tags = set(given.get("tags", ())) & self.tags[contact.pk]
        for name in tags:
            self.untag[name].append(contact)
        return bool(tags) or facts != (contact.name, contact.language, contact.attributes, contact.consent)

    def _ungrant(self, contact: Contact, row: ImportedContact, now: datetime) -> None:
        """Take back an agreement that the import recorded. An agreement counts only for people not asked before."""
        given = row.given or {}
        at = contact.consent_changed_at.isoformat() if contact.consent_changed_at else ""
        if contact.consent == given.get("consent") == Consent.GRANTED and at == given.get("consent_at"):
            contact.consent, contact.consent_source, contact.consent_changed_at = Consent.UNKNOWN, "", now
            self.not_asked.append(contact.address)

    def _write(self, removed: Sequence[Contact], restored: Sequence[Contact], *, now: datetime, by: User) -> None:
        business = self.made.business
        for name in sorted(self.untag):
            tagging.untag(business, self.untag[name], name)
        Contact.objects.bulk_create(restored, update_conflicts=True, unique_fields=["id"], update_fields=_FIELDS)
        many_contacts.keep_withdrawals(business, removed, now)
        Contact.objects.filter(business=business, pk__in=[contact.pk for contact in removed]).delete()
        source = self.made.file_name
        consent.note(business, self.not_asked, ConsentStep.UNKNOWN, source=source, now=now, by=by)


def _read_later(made: ContactImport, rows: Sequence[ImportedContact]) -> set[int]:
    """Returns the rows whose contact a later import has read too."""
    others = ImportedContact.objects.filter(contact__in=[row.contact_id for row in rows]).exclude(contact_import=made)
    newest: dict[UUID, int] = {}
    for key, number in others.values_list("contact_id", "pk"):
        newest[key] = max(number, newest.get(key, 0))
    return {row.pk for row in rows if newest.get(row.contact_id, 0) > row.pk}


def _lived(made: ContactImport, added: Collection[Contact]) -> set[UUID]:
    """Returns those of these contacts that something has happened to: messages, notes, merges, a thread's owner."""
    keys = [contact.pk for contact in added]
    lived = {contact.pk for contact in added if contact.assigned_to_id is not None}
    for named in (Recipient, InboundMessage, ThreadNote, ContactMerge):
        lived |= set(named.objects.filter(contact__in=keys).values_list("contact_id", flat=True))
    by_address = {address: each.pk for each in added for address in (each.phone, each.bsuid) if address}
    for sent in (Recipient, DirectMessage, InboundMessage):
        rows = sent.objects.filter(business=made.business_id, address__in=by_address.keys())
        lived |= {by_address[address] for address in rows.values_list("address", flat=True) if address}
    return lived
