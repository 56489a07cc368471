"""Starting a broadcast as a person asks for it: at once, or at its scheduled time."""

from __future__ import annotations

from datetime import datetime

from businesses.models import User
from whatsapp.broadcasts import lifecycle
from whatsapp.control.preflight import refuse_unsendable
from whatsapp.errors import IllegalChange
from whatsapp.models import Broadcast
from whatsapp.states import BroadcastStatus


def start(broadcast: Broadcast, *, now: datetime, actor: User | None = None) -> None:
    """Start a broadcast. A draft with a time that is still to come waits for it; a scheduled one starts now.

    Raises:
        IllegalChange: it can't be started from where it stands.
        NotSendable: it must not be started as it is; nothing has changed.
    """
    if broadcast.status not in lifecycle.NOT_STARTED:
        raise IllegalChange(BroadcastStatus(broadcast.status), BroadcastStatus.PREPARING)
    refuse_unsendable(broadcast)
    waits = broadcast.scheduled_at is not None and now < broadcast.scheduled_at
    if broadcast.status == BroadcastStatus.DRAFT and waits:
        lifecycle.schedule(broadcast, now=now, actor=actor)
    else:
        lifecycle.start(broadcast, now=now, actor=actor)
