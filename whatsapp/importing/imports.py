"""Imports and their states: draft → running → done, cancelled or failed.

Every change is one conditional UPDATE whose row count decides. A reader holds a lease: the next reader may begin when
it is given back or has expired, and a reader that finds its token gone stops without having written anything.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO
from uuid import UUID

from django.core.files import File
from django.db import transaction
from django.db.models import F, Q, QuerySet

from businesses.models import Business, User
from businesses.tenancy import across_businesses
from whatsapp.importing import files
from whatsapp.importing.contact_layout import layout_of
from whatsapp.importing.files import Glance
from whatsapp.models import ContactImport, ImportedContact, ImportStatus, RejectedRow
from whatsapp.people.tagging import tidy
from whatsapp.reasons import NO_REASON, Cause, Reason, reason, reasons_of
from whatsapp.states import ColumnRole, FileMatter
from whatsapp.tables.readings import NO_ANSWERS, Answers, FileQuestion

LEASE = timedelta(seconds=30)
"""Many times as long as a chunk takes; a killed reader's import continues when it has passed."""
OPENED_PER_LEASE = 10_000_000
"""Bytes of a workbook that can be opened within a lease on a busy machine; the first lease grows with the file."""
MOST_CLAIMS = 5
"""Readers in a row that may end without having written a chunk; after that the import fails."""

REJECTED_KEPT = timedelta(days=30)
"""How long rejected rows can be downloaded. They are personal data that nobody asked to keep."""


class OvertakenRead(Exception):
    """The import was cancelled, or another reader has it: the caller must stop. Nothing of the chunk was written."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An import held by one reader."""

    contact_import: ContactImport
    token: UUID


def draft(
    business: Business,
    file: BinaryIO,
    *,
    name: str,
    now: datetime,
    by: User | None = None,
    answers: Answers = NO_ANSWERS,
    may_ask: bool = False,
) -> ContactImport:
    """Store a file whose columns are still to be chosen.

    If the file can be read in several ways, one that `may_ask` is stored without a header, for its owner to answer
    (`question_of` and `answer`).

    Raises:
        FileQuestion: the file can be read in several ways. Nothing is stored.
        BadAudience: the file can't be used. Nothing is stored.
    """
    made = ContactImport(business=business, created_by=by, file_name=name[:120], created_at=now)
    try:
        _see(made, files.look_at(business, file, answers), answers)
    except FileQuestion:
        if not may_ask:
            raise
        made.reading = {"answers": answers.kept()}
    file.seek(0)
    made.file.save("", File(file), save=False)
    made.save()
    return made


def question_of(draft: ContactImport) -> FileQuestion | None:
    """Returns what is asked about a draft's file, None if all is clear; then the draft has its header.

    Raises:
        BadAudience: read in the way that was chosen, the file can't be used.
    """
    if draft.header:
        return None
    answers = Answers.from_kept(draft.reading.get("answers", {}))
    with files.opened(draft.file.name or "") as file:
        try:
            _see(draft, files.look_at(draft.business, file, answers), answers)
        except FileQuestion as question:
            return question
    draft.save(update_fields=["header", "samples", "about_rows", "reading"])
    return None


def answer(draft: ContactImport, matter: FileMatter, chosen: str) -> None:
    """Keep a person's answer about a draft's file."""
    answers = Answers.from_kept(draft.reading.get("answers", {})).plus(matter, chosen)
    draft.reading = {"answers": answers.kept()}
    draft.header, draft.samples = [], []
    draft.save(update_fields=["reading", "header", "samples"])


def notes_of(contact_import: ContactImport) -> list[Reason]:
    """Returns what of an import's file is not read."""
    return reasons_of(contact_import.reading.get("notes", ()))


def _see(draft: ContactImport, glance: Glance, answers: Answers) -> None:
    draft.header, draft.samples, draft.about_rows = glance.header, glance.samples, glance.about_rows
    notes = [note.kept() for note in glance.notes]
    draft.reading = {**glance.reading.kept(), "phone": glance.phone, "notes": notes, "answers": answers.kept()}


def start(
    draft: ContactImport, roles: Sequence[ColumnRole], *, tags: Sequence[str], consent_source: str, now: datetime
) -> bool:
    """Release the import for reading. Returns whether it was still a draft. All contacts get `tags`.

    Raises:
        BadAudience: there is no column of addresses, or two columns hold the same fact.
    """
    layout_of(draft.header, roles)
    changed = ContactImport.objects.filter(pk=draft.pk, status=ImportStatus.DRAFT).update(
        status=ImportStatus.RUNNING,
        roles=[role.value for role in roles],
        tags=[tidy(tag) for tag in tags if tidy(tag)],
        consent_source=consent_source[:200],
        started_at=now,
    )
    draft.refresh_from_db()
    return bool(changed)


def claim(contact_import: ContactImport, *, now: datetime) -> Claim | None:
    """Become the import's reader. Returns None if it has one, or if there is nothing to read."""
    token = uuid.uuid4()
    until = now + LEASE * (1 + files.size_of(contact_import.file.name or "") // OPENED_PER_LEASE)
    rows = _running(contact_import).filter(Q(lease_until=None) | Q(lease_until__lt=now))
    if not rows.update(lease_token=token, lease_until=until, claims=F("claims") + 1):
        return None
    contact_import.refresh_from_db()
    claimed = Claim(contact_import, token)
    if contact_import.claims > MOST_CLAIMS:
        fail(claimed, reason(Cause.READING_STOPPED, row=contact_import.row_cursor), now=now)
        return None
    return claimed


def keep(claim: Claim, *, now: datetime) -> None:
    """Extend the lease. Raises `OvertakenRead`."""
    if not _held(claim).update(lease_until=now + LEASE):
        raise OvertakenRead


def give_back(claim: Claim, *, now: datetime) -> None:
    """Give up the lease, so that the next reader can continue at once."""
    _held(claim).update(lease_token=None, lease_until=now)


def move(claim: Claim, *, row: int, now: datetime) -> None:
    """Move the cursor from the row this reader knows to `row`: always the first write of a chunk.

    Raises:
        OvertakenRead: another reader has the import, or it was cancelled.
    """
    rows = _held(claim).filter(row_cursor=claim.contact_import.row_cursor)
    if not rows.update(row_cursor=row, lease_until=now + LEASE, claims=0):
        raise OvertakenRead


def finish(claim: Claim, *, now: datetime) -> None:
    """Mark the import as done: every row was read."""
    _end(claim.contact_import, _held(claim), ImportStatus.DONE, now)


def fail(claim: Claim, because: Reason, *, now: datetime) -> None:
    """Mark the import as failed: it can't be read any further. Rows already read stay imported."""
    _end(claim.contact_import, _held(claim), ImportStatus.FAILED, now, because)


def cancel(contact_import: ContactImport, *, now: datetime) -> bool:
    """Stop reading; rows already read stay imported. Returns whether there was anything to stop."""
    return _end(contact_import, _running(contact_import), ImportStatus.CANCELLED, now)


def discard(draft: ContactImport) -> bool:
    """Remove a draft with its file, as if it had never been uploaded. Returns whether it was a draft."""
    removed, _each = ContactImport.objects.filter(pk=draft.pk, status=ImportStatus.DRAFT).delete()
    if removed:
        files.forget(draft.file.name or "")
    return bool(removed)


def waiting(now: datetime, *, at_most: int) -> list[ContactImport]:
    """Returns imports without a reader, the one that has waited longest first."""
    with across_businesses():  # readers work for every business, each import as its own
        return list(without_reader(now).order_by(F("lease_until").asc(nulls_first=True), "started_at")[:at_most])


def without_reader(now: datetime) -> QuerySet[ContactImport]:
    """Returns the imports that nobody reads. Expects the businesses to be set."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    return ContactImport.objects.filter(free, status=ImportStatus.RUNNING, business__is_active=True)


def readers(now: datetime) -> int:
    """Returns the number of imports that are being read at the moment, in all businesses."""
    with across_businesses():  # see waiting
        return ContactImport.objects.filter(status=ImportStatus.RUNNING, lease_until__gte=now).count()


def _running(contact_import: ContactImport) -> QuerySet[ContactImport]:
    return ContactImport.objects.filter(pk=contact_import.pk, status=ImportStatus.RUNNING)


def _held(claim: Claim) -> QuerySet[ContactImport]:
    return _running(claim.contact_import).filter(lease_token=claim.token)


def _end(
    contact_import: ContactImport,
    rows: QuerySet[ContactImport],
    to: ImportStatus,
    now: datetime,
    because: Reason | None = None,
) -> bool:
    file = contact_import.file.name or ""
    ended = {"status": to, "finished_at": now, "lease_token": None, "lease_until": None, "file": "", "samples": []}
    with transaction.atomic():
        changed = rows.update(**ended, **(because.kept() if because else NO_REASON))
        if changed:
            transaction.on_commit(lambda: files.forget(file))
    look_again(contact_import)
    return bool(changed)


def look_again(contact_import: ContactImport) -> None:
    """Reload the row from the database; an operator may have removed it meanwhile."""
    with suppress(ContactImport.DoesNotExist):
        contact_import.refresh_from_db()


def forget_rejected(now: datetime) -> int:
    """Delete the rejected rows of old imports; the counts keep their number. Returns the number of rows deleted.

    Which rows were whose is forgotten with them.
    """
    with across_businesses():  # of any business
        ImportedContact.objects.filter(contact_import__finished_at__lt=now - REJECTED_KEPT).delete()
        return RejectedRow.objects.filter(contact_import__finished_at__lt=now - REJECTED_KEPT).delete()[0]
