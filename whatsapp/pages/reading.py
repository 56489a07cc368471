"""Reading the people of a draft: a short file at once, a long one in the background while its page tells how far it is.

Whatever is not read when the broadcast is started is read then.
"""

from __future__ import annotations

from datetime import datetime

from whatsapp import tasks
from whatsapp.broadcasts import creation
from whatsapp.models import Broadcast

AT_ONCE = 4_000
"""Rows that are read while the person waits: about a second."""


def begin(broadcast: Broadcast, *, now: datetime) -> None:
    """Read the first rows, and ring for somebody who reads the rest. Raises `BadAudience`: the draft is gone then."""
    if not creation.read_people(broadcast, now=now, keep_going=lambda rows: rows < AT_ONCE):
        tasks.ring_for_reading(broadcast)
