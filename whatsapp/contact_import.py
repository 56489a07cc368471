"""Taking contacts from a file: new ones are added, known ones get what the file says anew. Safe to repeat."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from businesses.models import Business, User
from whatsapp import consent
from whatsapp.audience.tables import Row, Table, open_table
from whatsapp.contact_layout import ColumnRole, Layout, guess, layout_of
from whatsapp.errors import BadAudience
from whatsapp.messaging_settings import region_of
from whatsapp.models import Consent, ConsentStep, Contact, ContactTag, Tag
from whatsapp.phone_numbers import NotANumber, is_bsuid, to_e164

BATCH = 2_000
ATTRIBUTE_LIMIT = 1024
REJECTED_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken, and why."""

    row: int
    given: str
    text: str


@dataclass(slots=True)
class ImportResult:
    """What an import did. `rejected` lists the first rows that were not taken, `rejected_total` counts all."""

    added: int = 0
    updated: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    rejected_total: int = 0

    def reject(self, row: int, given: str, text: str) -> None:
        """Note a row that was not taken."""
        self.rejected_total += 1
        if len(self.rejected) < REJECTED_ROWS:
            self.rejected.append(Rejected(row, given, text))


@dataclass(slots=True)
class Entry:
    """What a row says about a contact. Empty fields say nothing."""

    address: str
    name: str
    language: str
    tags: set[str]
    attributes: dict[str, str]


def import_contacts(
    business: Business,
    file: BinaryIO,
    *,
    now: datetime,
    tags: Sequence[str] = (),
    consent_source: str = "",
    roles: Sequence[ColumnRole] | None = None,
    by: User | None = None,
    on_progress: Callable[[int], object] = lambda _rows: None,
) -> ImportResult:
    """Take every contact of a table. `tags` are given to all of them; `roles` say what each column is (else its name).

    A `consent_source` (like "sign-up form, May 2026") says that they agreed to get messages; it changes nothing for
    those who have withdrawn.

    Raises:
        BadAudience: the file can't be used (what was taken before a broken row stays; repeat it with a mended file).
    """
    result = ImportResult()
    region = region_of(business)
    with open_table(file) as table:
        layout = layout_of(table.header, roles or guess(table.header))
        done = 0
        for rows in _batches(table):
            entries = _entries(rows, layout, region, result)
            with transaction.atomic():
                agreed = _save(business, entries, result, consent_source=consent_source, now=now)
                consent.note(business, agreed, ConsentStep.AGREED, source=consent_source, now=now, by=by)
                _tag(business, entries, tags)
            done += len(rows)
            on_progress(done)
    return result


def _batches(table: Table) -> Iterator[list[Row]]:
    while batch := list(islice(table.rows, BATCH)):
        yield batch


def _entries(rows: list[Row], layout: Layout, region: str | None, result: ImportResult) -> dict[str, Entry]:
    """The contacts of a batch by address; what a later row says about the same person is added."""
    entries: dict[str, Entry] = {}
    for row in rows:
        given = _cell(row, layout.phone) or _cell(row, layout.bsuid)
        try:
            entry = _entry(row, layout, region)
        except (NotANumber, BadAudience) as error:
            result.reject(row.number, given[:140], str(error))
            continue
        before = entries.setdefault(entry.address, entry)
        if before is not entry:
            before.name, before.language = entry.name or before.name, entry.language or before.language
            before.tags |= entry.tags
            before.attributes |= entry.attributes
    return entries


def _entry(row: Row, layout: Layout, region: str | None) -> Entry:
    phone, bsuid = _cell(row, layout.phone), _cell(row, layout.bsuid)
    if not phone and bsuid and not is_bsuid(bsuid):
        raise NotANumber(_("“%(bsuid)s” is not a WhatsApp user id.") % {"bsuid": bsuid[:40]})
    address = bsuid if not phone and bsuid else to_e164(phone, region).e164
    attributes = {name: _cell(row, index) for index, name in layout.attributes.items() if _cell(row, index)}
    for name, value in attributes.items():
        if len(value) > ATTRIBUTE_LIMIT:
            raise BadAudience(
                _("Column “%(name)s” has %(length)s characters; at most %(attribute_limit)s.")
                % {"name": name, "length": f"{len(value):,}", "attribute_limit": f"{ATTRIBUTE_LIMIT:,}"}
            )
    tags = {tag.strip()[:60] for tag in _cell(row, layout.tags).replace(";", ",").split(",") if tag.strip()}
    return Entry(address, _cell(row, layout.name)[:200], _cell(row, layout.language)[:10], tags, attributes)


def _save(
    business: Business, entries: dict[str, Entry], result: ImportResult, *, consent_source: str, now: datetime
) -> list[str]:
    """Write the contacts; the addresses of those who have newly agreed."""
    known = contacts_by_address(business, list(entries))
    new, agreed = [], []
    for address, entry in entries.items():
        contact = known.get(address)
        if contact is None:
            contact = Contact(business=business, **{_field(address): address})
            new.append(contact)
        contact.name, contact.language = entry.name or contact.name, entry.language or contact.language
        contact.attributes = {**contact.attributes, **entry.attributes}
        if consent_source and contact.consent == Consent.UNKNOWN:
            contact.consent, contact.consent_source = Consent.GRANTED, consent_source[:200]
            contact.consent_changed_at = now
            agreed.append(address)
    Contact.objects.bulk_create(new)
    fields = ["name", "language", "attributes", "consent", "consent_source", "consent_changed_at"]
    Contact.objects.bulk_update(known.values(), fields, batch_size=500)
    result.added += len(new)
    result.updated += len(known)
    return agreed


def contacts_by_address(business: Business, addresses: Sequence[str]) -> dict[str, Contact]:
    """The business's contacts with these numbers and user ids, by what they were found by."""
    phones = [address for address in addresses if _field(address) == "phone"]
    bsuids = [address for address in addresses if _field(address) == "bsuid"]
    contacts = Contact.objects.filter(business=business)
    found = {contact.phone or "": contact for contact in contacts.filter(phone__in=phones)}
    return found | {contact.bsuid or "": contact for contact in contacts.filter(bsuid__in=bsuids)}


def _tag(business: Business, entries: dict[str, Entry], tags: Sequence[str]) -> None:
    wanted = {tag for entry in entries.values() for tag in entry.tags} | set(tags)
    if not wanted:
        return
    Tag.objects.bulk_create([Tag(business=business, name=name) for name in wanted], ignore_conflicts=True)
    keys = dict(Tag.objects.filter(business=business, name__in=wanted).values_list("name", "pk"))
    contacts = contacts_by_address(business, list(entries))
    pairs = [
        ContactTag(business=business, contact=contacts[address], tag_id=keys[name])
        for address, entry in entries.items()
        for name in {*entry.tags, *tags}
    ]
    ContactTag.objects.bulk_create(pairs, ignore_conflicts=True)


def _field(address: str) -> str:
    return "phone" if address.startswith("+") else "bsuid"


def _cell(row: Row, index: int | None) -> str:
    return row.cells[index] if index is not None and index < len(row.cells) else ""
