"""A web process does beat's work while beat is dead: it sends what has become due.

The work itself is in the database and each task only wakes a worker, so a task that is sent by two is run twice and
changes nothing the second time. Turns are claimed in the database: one web process of several takes each.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from celery.schedules import crontab
from django.conf import settings
from kombu.exceptions import OperationalError

from businesses import heartbeats
from calls.short_waits import own_connection
from frontdesk.celery_app import app
from frontdesk.schedule import BEAT, CELERY_BEAT_SCHEDULE

logger = logging.getLogger(__name__)

EVERY: Final = timedelta(seconds=5)
LONGEST: Final = timedelta(days=1)
"""What was due longer ago is not made up for."""


class _Seen:
    """What this process has logged of beat, and knew of the background the last time that it looked."""

    is_dead = False
    background: heartbeats.Background | None = None


def look() -> None:
    """Look at the heartbeats, and do a turn of beat's work if that is due. Raises `DatabaseError`."""
    with own_connection():
        _Seen.background = known = heartbeats.look()
        if known.beat_is_dead is not _Seen.is_dead:
            _Seen.is_dead = known.beat_is_dead
            logger.error("Beat is %s", "dead: web processes send its tasks" if _Seen.is_dead else "back")
        has_broker = not settings.CELERY_BROKER_URL.startswith("memory:")
        if known.beat_is_dead and has_broker and (turn := heartbeats.take_turn(every=EVERY)):
            _send(*turn)


def age_s(part: str) -> float:
    """Returns for how long beat or the workers have not been seen, as of the last look; 0 if never."""
    known = _Seen.background
    at = known and (known.beat_at if part == "beat" else known.worker_at)
    return (known.now - at).total_seconds() if known and at else 0.0


def _send(since: datetime, now: datetime) -> None:
    for name in due(max(since, now - LONGEST), now):
        entry: dict[str, Any] = CELERY_BEAT_SCHEDULE[name]
        options = {**entry.get("options", {}), "retry": False}
        kwargs = {"by_beat": False} if name == BEAT else {}
        try:
            app.send_task(entry["task"], args=entry.get("args", []), kwargs=kwargs, **options)
        except OperationalError as error:
            logger.warning("The broker is away, too: %s", error)
            return


def due(since: datetime, now: datetime) -> Iterator[str]:
    """Yields the names of the tasks that became due between two moments."""
    for name, entry in CELERY_BEAT_SCHEDULE.items():
        schedule: Any = entry["schedule"]
        if isinstance(schedule, crontab):
            if _comes_between(schedule, since, now):
                yield name
        elif since.timestamp() // schedule != now.timestamp() // schedule:
            yield name


def _comes_between(schedule: crontab, since: datetime, now: datetime) -> bool:
    begin, until_next, _now = schedule.remaining_delta(since)
    return bool(begin + until_next <= now)
