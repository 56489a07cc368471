"""Whether the background works: beat sends a task every few seconds, a worker runs it and writes both down.

Without this a dead beat, or a worker that is gone, shows by nothing: broadcasts stand, greetings are not rendered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models.functions import Now

from businesses.models import Heartbeat

Part = Heartbeat.Part
EVERY_S: Final = 10.0
DEAD_AFTER: Final = timedelta(seconds=60)
"""Six beats. Workers that are busy with long tasks may be late by some."""


@dataclass(frozen=True, slots=True)
class Background:
    """What is known at a moment, by the database's clock. None: never seen."""

    now: datetime
    beat_at: datetime | None
    worker_at: datetime | None

    @property
    def beat_is_dead(self) -> bool:
        """Returns whether beat was at work once and is no more."""
        return self.beat_at is not None and self.now - self.beat_at > DEAD_AFTER

    @property
    def worker_is_dead(self) -> bool:
        """Returns whether workers were at work once and are no more."""
        return self.worker_at is not None and self.now - self.worker_at > DEAD_AFTER


def note(*, by_beat: bool) -> None:
    """Write down that a worker runs, and that beat does if it sent the task."""
    parts = [Part.WORKER, Part.BEAT] if by_beat else [Part.WORKER]
    rows = [Heartbeat(part=part, at=Now()) for part in parts]
    Heartbeat.objects.bulk_create(rows, update_conflicts=True, unique_fields=["part"], update_fields=["at"])


def look() -> Background:
    """Returns what is known now, in one query."""
    found = {row.part: row for row in Heartbeat.objects.annotate(now=Now())}
    beat_at, worker_at = (found[part].at if part in found else None for part in (Part.BEAT, Part.WORKER))
    now = next((row.now for row in found.values()), datetime.min.replace(tzinfo=UTC))
    return Background(now, beat_at, worker_at)


def take_turn(*, every: timedelta) -> tuple[datetime, datetime] | None:
    """Claim beat's work of the time since somebody did it last: returns its begin and end, or None if it is not time.

    Of several web processes one gets it: the row count says which.
    """
    known = look()
    if known.beat_at is None or not known.beat_is_dead:
        return None
    row, _created = Heartbeat.objects.get_or_create(part=Part.STAND_IN, defaults={"at": known.beat_at})
    since = max(row.at, known.beat_at)
    if known.now - since < every:
        return None
    claimed = Heartbeat.objects.filter(part=Part.STAND_IN, at=row.at).update(at=known.now)
    return (since, known.now) if claimed else None
