"""What Twilio tells of a call or its stream; what comes while the database is away is kept until it is back."""

from __future__ import annotations

import logging
from collections import deque
from datetime import datetime
from typing import Final

from django.db import InterfaceError, OperationalError, close_old_connections

from calls.short_waits import waits_for_locks_at_most
from calls.telephone import after_stream

logger = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.5
MOST_AT_ONCE: Final = 5
"""Noting one takes as long as a webhook does, and live calls need the processor, too."""
MOST_KEPT: Final = 2_000
"""Reports; a call has three. Older ones make way: what they told is noticed otherwise, minutes later."""

_kept: deque[tuple[dict[str, str], datetime]] = deque(maxlen=MOST_KEPT)


def note(told: dict[str, str], *, now: datetime) -> None:
    """Note a report. Raises `DatabaseError`; noted again, nothing changes."""
    call = after_stream.find_call(told["CallSid"])
    if call is None:
        return
    if event := told.get("StreamEvent"):
        stream_sid, error = told.get("StreamSid", ""), told.get("StreamError", "")
        after_stream.note_stream_event(call, event, stream_sid=stream_sid, error=error)
    after_stream.note_call_status(call, told.get("CallStatus", ""), now=now)


def keep(told: dict[str, str], *, now: datetime) -> None:
    """Keep a report that came `now`, until the database answers."""
    _kept.append((told, now))


def note_kept() -> None:
    """Note some of what was kept, in the order in which it came; the rest stays where the database fails again."""
    for _ in range(min(MOST_AT_ONCE, len(_kept))):
        told, came_at = _kept.popleft()
        try:
            with waits_for_locks_at_most():
                note(told, now=came_at)
        except (OperationalError, InterfaceError):
            _kept.appendleft((told, came_at))
            return
        except Exception:  # a mistake of ours in one report must not keep the others
            logger.exception("A report of Twilio's that was kept could not be noted")
        finally:
            close_old_connections()
