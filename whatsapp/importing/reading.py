"""Reading an import chunk by chunk. When a reader is killed, at any point, the next one continues exactly there.

claim ─▶ chunk: cursor, contacts, tags, rejected rows and counts in one transaction ─▶ … ─▶ done
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F

from businesses.models import Business
from whatsapp.errors import BadAudience
from whatsapp.importing import files, imports
from whatsapp.importing.contact_layout import layout_of
from whatsapp.importing.imports import Claim, OvertakenRead
from whatsapp.importing.people import RowEffect, save
from whatsapp.importing.rows import Entry, Rejected, understood
from whatsapp.insert import insert_rows
from whatsapp.models import ContactImport, RejectedRow
from whatsapp.people.messaging_settings import region_of
from whatsapp.reasons import Cause, reason
from whatsapp.states import ColumnRole
from whatsapp.tables.readings import Reading
from whatsapp.tables.tables import Row, Table, open_table

logger = logging.getLogger(__name__)

CHUNK = 1_000
"""Rows per transaction: takes well below a second, so that cancelling acts at once and progress is visible."""
BEAT = 10_000
"""Rows that may be skipped over, after a kill, before the lease is extended."""
TRIES = 3
_PASSING = (IntegrityError, OperationalError, LookupError)
"""Temporary errors: another process added the same person, removed a tag, or deadlocked with us."""

Clock = Callable[[], datetime]


def always(_rows: int) -> bool:
    """Returns True, for a `keep_going` without a limit."""
    return True


def read(contact_import: ContactImport, *, clock: Clock, keep_going: Callable[[int], bool] = always) -> bool:
    """Read from the cursor to the end, or until `keep_going(rows read by this call)` is false.

    Returns:
        Whether no other reader needs to be called: the import has ended, or somebody else is reading it.
    """
    claim = imports.claim(contact_import, now=clock())
    if claim is None:
        return True
    try:
        has_ended = _read_on(claim, clock, keep_going)
    except OvertakenRead:
        imports.look_again(contact_import)
        return True
    except BadAudience as error:
        imports.fail(claim, error.reason, now=clock())
        return True
    except (OperationalError, InterfaceError):
        raise  # the database is away: the sweep starts a reader when it is back
    except Exception:
        logger.exception("Import %s can't be read after row %d", contact_import.pk, contact_import.row_cursor)
        imports.fail(claim, reason(Cause.READING_FAILED, row=contact_import.row_cursor), now=clock())
        return True
    if has_ended:
        imports.finish(claim, now=clock())
    else:
        imports.give_back(claim, now=clock())
    return has_ended


def _read_on(claim: Claim, clock: Clock, keep_going: Callable[[int], bool]) -> bool:
    """Returns whether the end of the rows was reached."""
    contact_import = claim.contact_import
    reading = Reading.from_kept(contact_import.reading)
    region = reading.region or region_of(contact_import.business)
    name = contact_import.file.name or ""
    with files.opened(name) as file, open_table(file, reading=reading, country=region) as table:
        layout = layout_of(table.header, [ColumnRole(role) for role in contact_import.roles])
        rows, done = _from_cursor(table, claim, clock), 0
        while chunk := list(islice(rows, CHUNK)):
            _write(claim, chunk, [understood(row, layout, region) for row in chunk], clock)
            done += len(chunk)
            if not keep_going(done) and len(chunk) == CHUNK:
                return False
    return True


def _from_cursor(table: Table, claim: Claim, clock: Clock) -> Iterator[Row]:
    """Yields the rows that no earlier reader has written."""
    cursor = claim.contact_import.row_cursor
    for row in table.rows:
        if row.number > cursor:
            yield row
        elif row.number % BEAT == 0:
            imports.keep(claim, now=clock())


def _write(claim: Claim, chunk: list[Row], taken: list[Entry | Rejected], clock: Clock) -> None:
    """Write a chunk; retry if another process interfered. Raises `OvertakenRead`."""
    for attempt in range(1, TRIES + 1):
        try:
            _write_once(claim, chunk, taken, clock())
        except _PASSING:
            if attempt == TRIES:
                raise
        else:
            claim.contact_import.row_cursor = chunk[-1].number
            return


def _write_once(claim: Claim, chunk: list[Row], taken: list[Entry | Rejected], now: datetime) -> None:
    contact_import = claim.contact_import
    entries = [each for each in taken if isinstance(each, Entry)]
    rejected = [each for each in taken if isinstance(each, Rejected)]
    with transaction.atomic():
        imports.move(claim, row=chunk[-1].number, now=now)
        # Otherwise chunks of two imports of one business would lock the same contacts in different orders.
        Business.objects.select_for_update(no_key=True).filter(pk=contact_import.business_id).first()
        outcomes = save(contact_import, entries, now=now)
        insert_rows(RejectedRow, [_rejected_row(each) for each in rejected], _of(contact_import))
        ContactImport.objects.filter(pk=contact_import.pk).update(
            rows_read=F("rows_read") + len(chunk),
            rejected=F("rejected") + len(rejected),
            **{outcome.value: F(outcome.value) + outcomes[outcome] for outcome in RowEffect},
        )


def _of(contact_import: ContactImport) -> dict[str, Any]:
    return {"business_id": contact_import.business_id, "contact_import_id": contact_import.pk}


def _rejected_row(each: Rejected) -> dict[str, Any]:
    return {"row": each.row, "given": each.given, "cells": each.cells, **each.reason.kept()}
