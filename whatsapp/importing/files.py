"""Uploaded files of contacts: checked, measured, stored until they are read, and removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, cast

from django.core.files.storage import default_storage

from businesses.models import Business
from businesses.tenancy import across_businesses
from whatsapp.audience.file_settling import settle
from whatsapp.errors import BadAudience
from whatsapp.importing.contact_layout import guess
from whatsapp.models import ContactImport, ImportStatus
from whatsapp.models.imports import FOLDER
from whatsapp.people.messaging_settings import region_of
from whatsapp.reasons import Cause, Reason
from whatsapp.tables.readings import Answers, Reading
from whatsapp.tables.stored_files import remove_stale

CHECKED_ROWS = 5_000
"""Rows that are read before a file is accepted, so that most broken files are refused at once."""
SAMPLES = 5
SAMPLE_LENGTH = 60
KEPT = timedelta(days=1)
"""How long an upload is kept while its columns have not been chosen."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a first look at a table shows. `about_rows` (without the header) is None if it can't be estimated.

    `phone` is the place of the phone numbers' column, None without one.
    """

    header: list[str]
    samples: list[list[str]]
    about_rows: int | None
    phone: int | None
    reading: Reading
    notes: tuple[Reason, ...]


def look_at(business: Business, file: BinaryIO, answers: Answers) -> Glance:
    """Check a table before it is read.

    Raises:
        FileQuestion: it can be read in several ways.
        BadAudience: too large, no table, a column twice, a broken row.
    """
    seen = settle(file, of=business.pk, region=region_of(business), answers=answers, check_rows=CHECKED_ROWS)
    guess(seen.header)
    if not seen.rows:
        raise BadAudience(Cause.FILE_WITHOUT_ROWS)
    samples = [[cell[:SAMPLE_LENGTH].replace("\0", "") for cell in row.cells] for row in seen.rows[:SAMPLES]]
    header = [name.replace("\0", "") for name in seen.header]
    about = seen.checked if seen.checked < CHECKED_ROWS else seen.about_rows
    return Glance(header, samples, about, seen.phone, seen.reading, seen.notes)


def size_of(name: str) -> int:
    """Returns the size of a stored file in bytes; 0 if it is gone."""
    try:
        return default_storage.size(name)
    except OSError:
        return 0


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Yields a stored file. Raises `BadAudience` if it is gone."""
    try:
        file = default_storage.open(name)
    except (OSError, ValueError):
        raise BadAudience(Cause.FILE_GONE) from None
    with file:
        yield cast("BinaryIO", file)


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
