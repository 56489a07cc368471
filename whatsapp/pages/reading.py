"""Reading the people of a draft: a short file at once, a long one in the background while its page shows the progress.

Whatever has not been read when the broadcast is started is read then.
"""

from __future__ import annotations

from datetime import datetime

from whatsapp import tasks
from whatsapp.broadcasts import prepare
from whatsapp.models import Broadcast

AT_ONCE = 4_000
"""Rows that are read within the request; takes about a second."""


def begin(broadcast: Broadcast, *, now: datetime) -> None:
    """Read the first rows, and ask a worker to read the rest."""
    if not prepare.read_draft(broadcast, now=now, keep_going=lambda rows: rows < AT_ONCE):
        tasks.ring_for_reading(broadcast)
