"""Importing contacts while somebody waits for it: the same way as in the background, from the file to its end."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import BinaryIO

from businesses.models import Business, User
from whatsapp.errors import BadAudience
from whatsapp.importing import lifecycle, reading
from whatsapp.importing.contact_layout import ColumnRole, guess
from whatsapp.models import ContactImport, ImportStatus


def import_contacts(
    business: Business,
    file: BinaryIO,
    *,
    now: datetime,
    tags: Sequence[str] = (),
    consent_source: str = "",
    roles: Sequence[ColumnRole] | None = None,
    by: User | None = None,
    name: str = "",
    on_progress: Callable[[int], object] = lambda _rows: None,
    clock: reading.Clock | None = None,
) -> ContactImport:
    """Take every contact of a table. `roles` say what each column is (else its name).

    A `consent_source` (like "sign-up form, May 2026") says that they agreed to get messages; it changes nothing for
    those who have withdrawn. `clock` tells the time while it lasts (else it stays `now`).

    Raises:
        BadAudience: the file can't be used (what was taken before a broken row stays; repeat it with a mended file).
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    made = lifecycle.draft(business, file, size=size, name=name, now=now, by=by)
    try:
        lifecycle.start(made, roles or guess(made.header), tags=tags, consent_source=consent_source, now=now)
    except BadAudience:
        lifecycle.discard(made)
        raise
    _read(made, clock or (lambda: now), on_progress)
    if made.status == ImportStatus.FAILED:
        raise BadAudience(made.error)
    return made


def _read(made: ContactImport, clock: reading.Clock, on_progress: Callable[[int], object]) -> None:
    def told(rows: int) -> bool:
        on_progress(rows)
        return True

    try:
        reading.read(made, clock=clock, keep_going=told)
    except KeyboardInterrupt:
        lifecycle.cancel(made, now=clock())
        raise
