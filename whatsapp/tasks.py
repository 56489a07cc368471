"""Doorbells. The database holds the work: a task may be lost, doubled or late, and nothing else happens."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone
from redis import RedisError

from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp import doorbell
from whatsapp.audience.freeze import OvertakenFreeze
from whatsapp.broadcasts.prepare import freeze_audience
from whatsapp.errors import BadAudience
from whatsapp.importing import files, imports, reading
from whatsapp.models import Broadcast, ContactImport
from whatsapp.running.loop import LoopReport, SendingLoop
from whatsapp.tables import uploads
from whatsapp.webhooks.applying import apply_news

logger = logging.getLogger(__name__)

LOOPS = 2
"""How many Celery workers may send at once. Lanes of all numbers share each of them; more processes add little."""
SHIFT_S = 20.0
"""How long a loop runs before it hands over: far less than a broker's visibility timeout."""
SEAT_S = 25
"""Hardly more than a shift: the seats of workers that were killed are free again soon."""
IMPORTS = 2
"""How many imports may be read at once. Others wait for a shift's end: workers are also needed for messages."""


@shared_task
def drive(*_of_the_last_release: object) -> None:
    """Send what is to be sent, until nothing is left or the shift is over; then ring again.

    One loop serves all broadcasts and reads what is true now. The beat rings for what nobody rang for: scheduled
    broadcasts, expired leases, restarts.
    """
    # Rings that the last release left in the queue name a broadcast and its epoch. The next release takes none.
    seat = _claim_seat()
    if seat is None:
        return  # enough loops are running, and they see new work within a second
    try:
        report = asyncio.run(_work_a_shift())
    finally:
        with suppress(RedisError):
            cache.delete(seat)
    if not report.is_idle:
        drive.delay()


async def _work_a_shift() -> LoopReport:
    return await SendingLoop(until_idle=True, run_for_s=SHIFT_S).run()


@shared_task
def apply_webhooks() -> None:
    """Apply stored webhooks until none is left."""
    while apply_news(timezone.now()):
        pass


@shared_task
def read_people(business_id: str, broadcast_id: str) -> None:
    """Freeze the people of a draft whose file is long. What goes wrong is kept with it and its rows."""
    business = Business.objects.filter(pk=business_id).first()
    if business is None:
        return
    with acting_for(business):
        broadcast = Broadcast.objects.filter(pk=broadcast_id).select_related("business").first()
        if broadcast is None:
            return
        try:
            freeze_audience(broadcast, now=timezone.now())
        except OvertakenFreeze:
            return
        except BadAudience as error:
            Broadcast.objects.filter(pk=broadcast.pk).update(**error.reason.kept())


@shared_task
def read_import(business_id: str, import_id: str) -> None:
    """Read contacts of an import until its end, or for a shift; then ring for whichever waits longest."""
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
    """Ring for imports that nobody reads: nobody rang, or whoever read them was killed."""
    for found in imports.waiting(timezone.now(), at_most=IMPORTS):
        read_import.apply_async((str(found.business_id), str(found.pk)), expires=SHIFT_S)


@shared_task
def remove_old_uploads() -> None:
    """Remove files that somebody uploaded and did not come back for, and what old imports did not take."""
    now = timezone.now()
    uploads.remove_old(now=now)
    files.remove_abandoned(now=now)
    imports.forget_rejected(now)


def ring_for_import(contact_import: ContactImport) -> None:
    """Once this transaction is committed, have a worker read an import. Never fails the caller."""
    doorbell.ring_for(read_import.name, [str(contact_import.business_id), str(contact_import.pk)])


def ring_for_reading(broadcast: Broadcast) -> None:
    """Once this transaction is committed, have a worker read the people of a draft. Never fails the caller."""
    doorbell.ring_for(read_people.name, [str(broadcast.business_id), str(broadcast.pk)])


def _shift() -> Callable[[int], bool]:
    """Whether to go on reading: for a shift from the first rows on, and for no less than they took to come.

    A large workbook takes its time to be opened; opening it for a handful of rows each time would last forever.
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
    """One of the places for loops. A seat that is lost (a flushed cache) only means one loop more for a while."""
    for number in range(LOOPS):
        seat = f"whatsapp:loop:{number}"
        try:
            if cache.add(seat, 1, SEAT_S):
                return seat
        except RedisError:  # away; the broker that rang is not
            return seat
    return None
