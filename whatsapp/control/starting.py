"""Starting and resuming a broadcast when a person asks for it."""

from __future__ import annotations

from datetime import datetime

from businesses.models import User
from whatsapp.broadcasts import lifecycle
from whatsapp.control.preflight import refuse_unsendable
from whatsapp.errors import NotSendable
from whatsapp.models import Broadcast
from whatsapp.numbers.refreshing import refresh_for
from whatsapp.reasons import Cause, reason
from whatsapp.states import BroadcastStatus


def start(broadcast: Broadcast, *, now: datetime, actor: User | None = None) -> None:
    """Start a broadcast. A draft with a future start time is scheduled; a scheduled broadcast starts now.

    The provider is asked first for its template as it is now.

    Raises:
        IllegalChange: it can't be started from its present state.
        NotSendable: it must not be started as it is; nothing has changed.
    """
    refresh_for(broadcast, now=now)
    lifecycle.start_or_schedule(broadcast, refuse_unsendable=refuse_unsendable, now=now, actor=actor)


def resume(broadcast: Broadcast, *, now: datetime, actor: User | None = None) -> None:
    """Resume a paused broadcast, and accept the template's new category if it paused for that.

    Raises:
        IllegalChange: it is not paused.
        NotSendable: the template's content is not what the broadcast was made with; nothing has changed.
    """
    if broadcast.status == BroadcastStatus.PAUSED:
        refresh_for(broadcast, now=now)
        if broadcast.template.content_hash != broadcast.template_hash:
            raise NotSendable([str(reason(Cause.TEMPLATE_CHANGED))])
    lifecycle.resume(broadcast, now=now, actor=actor)
