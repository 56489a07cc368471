"""Starting and resuming a broadcast, and accepting what its template costs now, when a person asks for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from businesses import audit
from businesses.models import User
from whatsapp.broadcasts import categories, lifecycle
from whatsapp.control.preflight import refuse_unsendable
from whatsapp.errors import IllegalChange, NotSendable
from whatsapp.models import Broadcast, EventKind
from whatsapp.numbers.refreshing import refresh_for
from whatsapp.reasons import Cause, reason
from whatsapp.states import BroadcastStatus, PauseReason


def start(
    broadcast: Broadcast, *, now: datetime, actor: User | None = None, undo_for: timedelta = lifecycle.AT_ONCE
) -> None:
    """Start a broadcast. A draft with a future start time is scheduled; a scheduled broadcast starts now.

    It begins to send after `undo_for`: until then the start can be undone (`broadcasts.taking_back`).

    The provider is asked first for its template as it is now.

    Raises:
        IllegalChange: it can't be started from its present state.
        NotSendable: it must not be started as it is; nothing has changed.
    """
    refresh_for(broadcast, now=now)
    lifecycle.start_or_schedule(broadcast, refuse_unsendable=refuse_unsendable, now=now, actor=actor, undo_for=undo_for)


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


def accept_category(broadcast: Broadcast, *, now: datetime, actor: User | None = None) -> None:
    """Send it as the template's new category, at its price: a broadcast that paused for it goes on.

    One that is not started yet waits for its start as before; nothing to accept is no error. Raises `IllegalChange`.
    """
    if broadcast.status == BroadcastStatus.PAUSED and broadcast.pause_reason == PauseReason.CATEGORY:
        lifecycle.resume(broadcast, now=now, actor=actor)
        return
    if broadcast.status not in lifecycle.NOT_STARTED:
        raise IllegalChange(BroadcastStatus(broadcast.status), BroadcastStatus.RUNNING)
    if categories.has_moved(broadcast):
        with transaction.atomic():
            categories.rejudge(broadcast)
            categories.accept(broadcast, broadcast.template.category)
            data = {"category": broadcast.template_category}
            lifecycle.record(broadcast, EventKind.CATEGORY_ACCEPTED, now=now, data=data, actor=actor)
            if actor is not None or audit.is_machine():
                lifecycle.note_person(broadcast, EventKind.CATEGORY_ACCEPTED, actor)
