"""Celery tasks. They are only wake-ups: the work is in the database, so a task may be lost, repeated or late."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone
from redis import RedisError

from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp import doorbell
from whatsapp.broadcasts import course, people_files
from whatsapp.broadcasts.prepare import read_draft
from whatsapp.control.money import count_billed
from whatsapp.importing import files, imports, reading
from whatsapp.keeping.news import BATCH, NOBODYS_NEWS_KEPT, remove_old_of_nobody
from whatsapp.media import fetching
from whatsapp.media import files as stored_media
from whatsapp.models import Broadcast, ContactImport
from whatsapp.numbers.refreshing import refresh_due
from whatsapp.running import shifts
from whatsapp.series import occurring
from whatsapp.states import BroadcastStatus
from whatsapp.tables import uploads
from whatsapp.webhooks.applying import apply_news

logger = logging.getLogger(__name__)

LOOPS = 2
"""How many Celery workers may send at once. Each serves the lanes of all numbers; more processes add little."""
SHIFT_S = 20.0
"""How long a loop runs before it hands over: much shorter than a broker's visibility timeout."""
SEAT_S = 5
"""A seat is claimed anew every second, so that those of killed workers are soon free again."""
CLAIM_EVERY_S = 1.0
IMPORTS = 2
"""How many imports may be read at once. Others wait for the end of a shift: workers are also needed for messages."""


@shared_task
def drive(*_of_the_last_release: object) -> None:
    """Send everything that is due, until nothing is left or the shift is over; then ring again.

    One loop serves all broadcasts and reads their present state. The beat also rings, for scheduled broadcasts,
    expired leases and restarts.
    """
    # Rings that the last release left in the queue carry a broadcast and its epoch. The next release takes none.
    seat = _claim_seat()
    if seat is None:
        return  # enough loops are running, and they notice new work within a second
    with _kept(seat):
        report = asyncio.run(shifts.work_a_shift(SHIFT_S))
    if not report.is_idle:
        drive.delay()


@shared_task
def make_occurrences() -> None:
    """Make the broadcasts of recurring ones that are due."""
    occurring.make_due(timezone.now())


@shared_task
def apply_webhooks() -> None:
    """Apply stored webhooks until none is left."""
    while apply_news(timezone.now()):
        pass


@shared_task
def refresh_templates() -> None:
    """Ask providers about templates and numbers that were not heard of for long."""
    refresh_due(timezone.now())


@shared_task
def read_people(business_id: str, broadcast_id: str) -> None:
    """Freeze the people of a draft with a long file."""
    business = Business.objects.filter(pk=business_id).first()
    if business is None:
        return
    with acting_for(business):
        broadcast = Broadcast.objects.filter(pk=broadcast_id).select_related("business").first()
        if broadcast is None:
            return
        if broadcast.status == BroadcastStatus.DRAFT:
            read_draft(broadcast, now=timezone.now())


@shared_task
def count_figures(business_id: str, broadcast_id: str) -> None:
    """Count the figures of a large broadcast that began before they were kept."""
    business = Business.objects.filter(pk=business_id).first()
    if business is None:
        return
    with acting_for(business):
        broadcast = Broadcast.objects.filter(pk=broadcast_id).first()
        if broadcast is not None:
            course.of(broadcast, timezone.now())
            count_billed(broadcast, timezone.now())


@shared_task
def read_import(business_id: str, import_id: str) -> None:
    """Read an import to its end or for a shift; then ring for the import that has waited longest."""
    business = Business.objects.filter(pk=business_id).first()
    if business is None or imports.readers(timezone.now()) >= IMPORTS:
        return
    with acting_for(business):
        found = ContactImport.objects.filter(pk=import_id).select_related("business", "created_by").first()
        if found:
            reading.read(found, clock=timezone.now, keep_going=_shift())
    ring_for_imports()


@shared_task
def ring_for_imports() -> None:
    """Ring for imports without a reader, whose ring was lost or whose reader was killed."""
    for found in imports.waiting(timezone.now(), at_most=IMPORTS):
        read_import.apply_async((str(found.business_id), str(found.pk)), expires=SHIFT_S)


@shared_task
def fetch_media() -> None:
    """Fetch files of messages for a shift; the next sweep goes on."""
    fetching.fetch_due(clock=timezone.now, keep_going=partial(_shift(), 0))


@shared_task
def remove_old_uploads() -> None:
    """Delete abandoned uploads, files without a row, rejected rows of old imports, and old notices of no business."""
    now = timezone.now()
    stored_media.remove_orphans(now=now)
    uploads.remove_old(now=now)
    files.remove_abandoned(now=now)
    people_files.remove_orphans(now=now)
    imports.forget_rejected(now)
    while remove_old_of_nobody(before=now - NOBODYS_NEWS_KEPT, most=BATCH):
        pass


def ring_for_import(contact_import: ContactImport) -> None:
    """Ask a worker to read an import, once this transaction is committed. Never fails the caller."""
    doorbell.ring_for(read_import.name, [str(contact_import.business_id), str(contact_import.pk)])


def ring_for_reading(broadcast: Broadcast) -> None:
    """Ask a worker to read the people of a draft, once this transaction is committed. Never fails the caller."""
    doorbell.ring_for(read_people.name, [str(broadcast.business_id), str(broadcast.pk)])


def ring_for_figures(broadcast: Broadcast) -> None:
    """Ask a worker to count a broadcast's figures, once this transaction is committed. Never fails the caller."""
    doorbell.ring_for(count_figures.name, [str(broadcast.business_id), str(broadcast.pk)])


def _shift() -> Callable[[int], bool]:
    """Returns a function that says whether to go on: for a shift, and at least as long as the first rows took to come.

    A large workbook takes long to open; if only a handful of rows were read each time, it would never end.
    """
    begun = time.monotonic()
    ends_at: float | None = None

    def goes_on(_rows: int) -> bool:
        nonlocal ends_at
        now = time.monotonic()
        ends_at = ends_at or now + max(SHIFT_S, now - begun)
        return now < ends_at

    return goes_on


def _claim_seat() -> str | None:
    """Claim one of the seats for loops. If the cache loses a seat, one more loop runs for a while."""
    for number in range(LOOPS):
        seat = f"whatsapp:loop:{number}"
        try:
            if cache.add(seat, 1, SEAT_S):
                return seat
        except RedisError:  # away, though the broker is not
            return seat
    return None


@contextmanager
def _kept(seat: str) -> Iterator[None]:
    """Keep a seat for the duration of the block. A thread does it: a cache that is away may hold it up."""
    is_over = threading.Event()

    def keep() -> None:
        while not is_over.wait(CLAIM_EVERY_S):
            with suppress(RedisError):
                cache.set(seat, 1, SEAT_S)

    thread = threading.Thread(target=keep, name="seat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        with suppress(RedisError):
            cache.delete(seat)
