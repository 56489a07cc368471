"""Importing contacts in the foreground: as in the background, but from start to end in one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import BinaryIO

from businesses.models import Business, User
from whatsapp.errors import BadAudience
from whatsapp.importing import imports, reading
from whatsapp.importing.contact_layout import guess
from whatsapp.models import ContactImport, ImportStatus
from whatsapp.reasons import reason_in
from whatsapp.states import ColumnRole
from whatsapp.tables.readings import NO_ANSWERS, Answers


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
    answers: Answers = NO_ANSWERS,
) -> ContactImport:
    """Import every contact of a table. `roles` gives the role of each column (else it follows from the column's name).

    A `consent_source` (like "sign-up form, May 2026") records that these people agreed to get messages. It changes
    nothing for those who have withdrawn. Without a `clock` the time stays `now` throughout.

    `answers` are what a person has said about the file.

    Raises:
        FileQuestion: the file can be read in several ways. Nothing is imported.
        BadAudience: the file can't be used. Rows before a broken one stay imported; repeat it with a corrected file.
    """
    made = imports.draft(business, file, name=name, now=now, by=by, answers=answers)
    try:
        imports.start(
            made,
            roles or guess(made.header, made.reading.get("phone")),
            tags=tags,
            consent_source=consent_source,
            now=now,
        )
    except BadAudience:
        imports.discard(made)
        raise
    _read(made, clock or (lambda: now), on_progress)
    if made.status == ImportStatus.FAILED and (because := reason_in(made)):
        raise BadAudience(because)
    return made


def _read(made: ContactImport, clock: reading.Clock, on_progress: Callable[[int], object]) -> None:
    def told(rows: int) -> bool:
        on_progress(rows)
        return True

    try:
        reading.read(made, clock=clock, keep_going=told)
    except KeyboardInterrupt:
        imports.cancel(made, now=clock())
        raise
