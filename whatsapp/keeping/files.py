"""Files of people, and what was kept of their rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef, Q, QuerySet

from businesses.keeping.person import Person
from businesses.keeping.table import Record
from businesses.models import Business
from whatsapp.importing import imports
from whatsapp.models import Broadcast, BroadcastEvent, ContactImport, EventKind, ImportStatus, RejectedRow
from whatsapp.states import BroadcastStatus
from whatsapp.tables import stored_files, uploads

READING = "file_being_read"
STARTED = (BroadcastStatus.SCHEDULED, BroadcastStatus.PREPARING, BroadcastStatus.PAUSED)
READ_WITHIN = timedelta(hours=1)
"""A draft whose file is not read by then never will be without somebody's help."""


def waits_for(person: Person, now: datetime) -> str:
    """Returns a code while a file of the business is being read: it may bring the person back."""
    if ContactImport.objects.filter(business=person.business, status=ImportStatus.RUNNING).exists():
        return READING
    begun = BroadcastEvent.objects.filter(
        broadcast=OuterRef("pk"), kind__in=[EventKind.CREATED, EventKind.EDITED], at__gt=now - READ_WITHIN
    )
    is_begun = Q(Exists(begun), status=BroadcastStatus.DRAFT, cause="", next_step="")
    unread = _with_file(person.business).filter(audience_ready_at=None)
    return READING if unread.filter(Q(status__in=STARTED) | is_begun).exists() else ""


def _with_file(business: Business) -> QuerySet[Broadcast]:
    return Broadcast.objects.filter(business=business).exclude(audience_file="")


def _unused(business: Business) -> QuerySet[Broadcast]:
    """Returns broadcasts whose file is not needed any more, or not needed yet: it must be given again to edit them."""
    return _with_file(business).exclude(status__in=STARTED, audience_ready_at=None)


def unused_rows(person: Person) -> tuple[QuerySet[ContactImport], QuerySet[Broadcast]]:
    """Returns uploads that were not used yet. Nobody has looked who is in them, so all are removed."""
    drafts = ContactImport.objects.filter(business=person.business, status=ImportStatus.DRAFT)
    return drafts, _unused(person.business)


def unused_files(person: Person) -> int:
    """Returns the number of files of forms that were not finished."""
    return len(stored_files.names(uploads.FOLDER, person.business))


def erase(person: Person, most: int) -> int:
    """Remove the business's unused uploads: of imports, of broadcasts that can't be read, of unfinished forms."""
    removed = 0
    for draft in ContactImport.objects.filter(business=person.business, status=ImportStatus.DRAFT)[:most]:
        removed += imports.discard(draft)
    for broadcast in _unused(person.business)[:most]:
        default_storage.delete(broadcast.audience_file.name or "")
        removed += Broadcast.objects.filter(pk=broadcast.pk).update(audience_file="")
    for name in stored_files.names(uploads.FOLDER, person.business)[:most]:
        default_storage.delete(name)
        removed += 1
    return removed


def rejected_of(person: Person) -> Iterator[RejectedRow]:
    """Yields the rejected rows that hold one of the person's addresses, in any notation."""
    for row in RejectedRow.objects.filter(business=person.business).order_by("pk").iterator(chunk_size=2_000):
        if any(person.is_written_in(str(cell)) for cell in [row.given, *row.cells]):
            yield row


def erase_rejected(person: Person, _most: int) -> int:
    """Remove the person's rejected rows; the import's counts keep their number."""
    keys = [row.pk for row in rejected_of(person)]
    return RejectedRow.objects.filter(pk__in=keys).delete()[0]


def rejected_records(person: Person) -> Iterator[Record]:
    """Yields the person's rejected rows."""
    for row in rejected_of(person):
        yield {"import": row.contact_import_id, "row": row.row, "given": row.given, "cells": row.cells}
