"""Doorbells. The database holds the work: a task may be lost, doubled or late, and nothing else happens."""

from __future__ import annotations

import asyncio
import logging

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from whatsapp.pages import uploads
from whatsapp.sending.loop import Progress, SendingLoop
from whatsapp.webhooks.applying import apply_news

logger = logging.getLogger(__name__)

LOOPS = 2
"""How many Celery workers may send at once. Lanes of all numbers share each of them; more processes add little."""
SHIFT_S = 20.0
"""How long a loop runs before it hands over: far less than a broker's visibility timeout."""
SEAT_S = 60


@shared_task
def drive(broadcast_id: str | None = None, epoch: int | None = None) -> None:
    """Send what is to be sent, until nothing is left or the shift is over; then ring again.

    Which broadcast rang does not matter: a loop serves all, and reads what is true now. The beat rings for what
    nobody rang for: scheduled broadcasts, expired leases, restarts.
    """
    seat = _take_seat()
    if seat is None:
        return  # enough loops are running, and they see new work within a second
    try:
        progress = asyncio.run(_work_a_shift())
    finally:
        cache.delete(seat)
    if not progress.is_idle:
        drive.delay()


async def _work_a_shift() -> Progress:
    return await SendingLoop(until_idle=True, run_for_s=SHIFT_S).run()


@shared_task
def apply_webhooks() -> None:
    """Apply stored webhooks until none is left."""
    while apply_news(timezone.now()):
        pass


@shared_task
def remove_old_uploads() -> None:
    """Remove uploaded files that nobody came back for."""
    uploads.remove_old(now=timezone.now())


def _take_seat() -> str | None:
    """One of the places for loops. A seat that is lost (a flushed cache) only means one loop more for a while."""
    for number in range(LOOPS):
        seat = f"whatsapp:loop:{number}"
        if cache.add(seat, 1, SEAT_S):
            return seat
    return None
