"""Uploaded files of contacts: checked, measured, stored until they are read, and removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import BinaryIO

from django.core.files.storage import default_storage

from businesses.models import Business
from businesses.tenancy import across_businesses
from whatsapp.errors import BadAudience
from whatsapp.importing.contact_layout import guess
from whatsapp.models import ContactImport, ImportStatus
from whatsapp.models.imports import FOLDER
from whatsapp.reasons import Cause
from whatsapp.tables.stored_files import remove_stale
from whatsapp.tables.tables import open_preview

CHECKED_ROWS = 5_000
"""Rows that are read before a file is accepted, so that most broken files are refused at once."""
SAMPLES = 5
SAMPLE_LENGTH = 60
KEPT = timedelta(days=1)
"""How long an upload is kept while its columns have not been chosen."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a first look at a table shows. `about_rows` (without the header) is None if it can't be estimated."""

    header: list[str]
    samples: list[list[str]]
    about_rows: int | None


def look_at(business: Business, file: BinaryIO) -> Glance:
    """Check a table before it is stored. Raises `BadAudience`: too large, no table, a column twice, a broken row."""
    with open_preview(file, of=business.pk) as table:
        guess(table.header)
        first = [[cell[:SAMPLE_LENGTH] for cell in row.cells] for row in islice(table.rows, SAMPLES)]
        if not first:
            raise BadAudience(Cause.FILE_WITHOUT_ROWS)
        checked = len(first) + sum(1 for _row in islice(table.rows, CHECKED_ROWS - len(first)))
        header = [name.replace("\0", "") for name in table.header]
    samples = [[cell.replace("\0", "") for cell in cells] for cells in first]
    about = table.about_rows
    return Glance(header, samples, checked if checked < CHECKED_ROWS else about)


def size_of(name: str) -> int:
    """Returns the size of a stored file in bytes; 0 if it is gone."""
    try:
        return default_storage.size(name)
    except OSError:
        return 0


def forget(name: str) -> None:
    """Delete a stored file."""
    if name:
        default_storage.delete(name)


def remove_abandoned(*, now: datetime) -> int:
    """Remove abandoned uploads, and files that a killed process left without a row. Returns their number."""
    with across_businesses():  # uploads of any business
        drafts = ContactImport.objects.filter(status=ImportStatus.DRAFT, created_at__lt=now - KEPT)
        drafts.delete()
        needed = set(ContactImport.objects.exclude(file="").values_list("file", flat=True))
    return remove_stale(FOLDER, before=now - KEPT, keep=needed)
