"""Taking a broadcast back before anything is sent, so that it is a draft again.

One that a person starts on its page begins to send `UNDO_FOR` later: until then `started_at` lies in the future, its
people are prepared, and `undo` takes it back. What a command or the admin starts begins at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from businesses.models import User
from whatsapp.broadcasts import lifecycle
from whatsapp.broadcasts.lifecycle import StatusChange
from whatsapp.models import Broadcast, EventKind
from whatsapp.states import BroadcastStatus

UNDO_FOR: Final = timedelta(seconds=10)
EDITABLE = (BroadcastStatus.SCHEDULED, BroadcastStatus.MISSED, BroadcastStatus.FAILED)


def take_back(broadcast: Broadcast, *, now: datetime, actor: User | None = None) -> None:
    """Make it a draft again, so that it can be edited; why its people can't be read stays. Raises `IllegalChange`."""
    unreadable = {"cause": broadcast.cause, "cause_data": broadcast.cause_data}
    change = StatusChange(BroadcastStatus.DRAFT, EventKind.EDITING, fields=unreadable)
    lifecycle.apply(broadcast, change, now, actor, only_from=EDITABLE)


def undo(broadcast: Broadcast, *, now: datetime, actor: User | None = None) -> None:
    """Undo the start of a broadcast that has not begun to send: it is a draft again. Raises `IllegalChange`."""
    change = StatusChange(BroadcastStatus.DRAFT, EventKind.UNDONE, fields={"started_at": None})
    still = Q(started_at__gt=now)
    lifecycle.apply(broadcast, change, now, actor, only_from=(BroadcastStatus.PREPARING,), only_if=still)
