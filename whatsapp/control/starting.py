"""Starting a broadcast when a person asks for it: now, or at its scheduled time."""

from __future__ import annotations

from datetime import datetime

from businesses.models import User
from whatsapp.broadcasts import lifecycle
from whatsapp.control.preflight import refuse_unsendable
from whatsapp.models import Broadcast


def start(broadcast: Broadcast, *, now: datetime, actor: User | None = None) -> None:
    """Start a broadcast. A draft with a future start time is scheduled; a scheduled broadcast starts now.

    Raises:
        IllegalChange: it can't be started from its present state.
        NotSendable: it must not be started as it is; nothing has changed.
    """
    lifecycle.start_or_schedule(broadcast, refuse_unsendable=refuse_unsendable, now=now, actor=actor)
