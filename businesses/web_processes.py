"""Which web processes are there: each writes one row about itself every few seconds, and removes it when it ends.

A row that stays and gets old is that of a process that was killed, or that hangs, or can't reach the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models.functions import Now

from businesses.models import WebProcess

EVERY_S: Final = 5.0
SILENT_AFTER: Final = timedelta(seconds=30)
"""Six times. A process whose database was slow is late by some."""
SHOWN_FOR: Final = timedelta(hours=1)
"""How long one that has gone silent is told of."""
MOST_SHOWN: Final = 50
_CHANGES: Final = ("release", "since", "calls", "calls_most", "lag_s", "is_draining", "at")


@dataclass(frozen=True, slots=True)
class Seen:
    """A process as it was when it was last seen."""

    row: WebProcess
    is_silent: bool


def note(row: WebProcess) -> None:
    """Write down what a process says of itself, and forget those that have been silent for long."""
    row.at = Now()  # the database's time, which all processes share
    WebProcess.objects.bulk_create([row], update_conflicts=True, unique_fields=["name"], update_fields=_CHANGES)
    WebProcess.objects.filter(at__lt=Now() - SHOWN_FOR).delete()


def forget(name: str) -> None:
    """Remove the row of a process that ends."""
    WebProcess.objects.filter(name=name).delete()


def look() -> list[Seen]:
    """Returns the processes that are there and those that have gone silent, newest first, in one query."""
    rows = WebProcess.objects.annotate(now=Now()).filter(at__gte=Now() - SHOWN_FOR).order_by("-since", "name")
    return [Seen(row, row.now - row.at > SILENT_AFTER) for row in rows[:MOST_SHOWN]]
