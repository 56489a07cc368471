"""Figures that are kept as they happen, of broadcasts that began before they were: counted once, from all their rows.

Those of a small broadcast are counted within the request, those of a large one by a worker while the page says so.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.core.cache import cache
from redis import RedisError

from whatsapp import tasks
from whatsapp.broadcasts import course
from whatsapp.control.money import count_billed
from whatsapp.models import Broadcast

AT_ONCE = 4_000
"""People who are counted within the request; takes about a tenth of a second."""
RINGS_EVERY_S = 30


def count(broadcast: Broadcast, people: int, *, now: datetime) -> bool:
    """Count them if these are few people, and else ask a worker to. Returns whether they are counted now."""
    if people > AT_ONCE:
        if _is_first(broadcast):
            tasks.ring_for_figures(broadcast)
        return False
    course.of(broadcast, now)
    count_billed(broadcast, now)
    return True


def _is_first(broadcast: Broadcast) -> bool:
    """Returns whether nobody else has just asked a worker: a page that waits asks every few seconds."""
    with suppress(RedisError, OSError):
        return cache.add(f"whatsapp:figures:{broadcast.pk}", 1, RINGS_EVERY_S)
    return True
