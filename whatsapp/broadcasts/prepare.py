"""Freezing a broadcast's audience in short steps, by any process that has time for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from businesses.tenancy import acting_for
from whatsapp.audience.freeze import BATCH, OvertakenFreeze, always, freeze
from whatsapp.audience.rates import RateTable, rates_on
from whatsapp.audience.sources import candidates_of
from whatsapp.broadcasts import lifecycle
from whatsapp.broadcasts.counts import counts_of
from whatsapp.errors import BadAudience, IllegalChange
from whatsapp.models import Broadcast
from whatsapp.reasons import Reason
from whatsapp.states import BroadcastStatus


def prepare_step(broadcast: Broadcast, *, now: datetime, batches: int = 10) -> bool:
    """Freeze at most `batches` batches. Returns whether nothing is left to do here.

    When the audience is complete and its time has come the broadcast begins to send; when it can't be read, it
    fails and says why.
    """
    with acting_for(broadcast.business):
        try:
            if not freeze_audience(broadcast, now=now, keep_going=lambda rows: rows < batches * BATCH):
                return False
            _leave_preparing(broadcast, now)
        except OvertakenFreeze:
            return True
        except BadAudience as error:
            _fail(broadcast, now, error.reason)
        return True


def read_draft(broadcast: Broadcast, *, now: datetime, keep_going: Callable[[int], bool] = always) -> bool:
    """Freeze the people of a draft. Returns whether nothing is left to do here.

    A source that can't be read to its end is no error here: the draft keeps the reason, and needs other people.
    """
    try:
        return freeze_audience(broadcast, now=now, keep_going=keep_going)
    except OvertakenFreeze:
        return True
    except BadAudience as error:
        same = Broadcast.objects.filter(pk=broadcast.pk, edition=broadcast.edition, status=BroadcastStatus.DRAFT)
        same.update(**error.reason.kept())
        return True


def freeze_audience(broadcast: Broadcast, *, now: datetime, keep_going: Callable[[int], bool] = always) -> bool:
    """Freeze from the cursor to the end, or until `keep_going(rows so far)` is false. Returns whether it is complete.

    Raises:
        BadAudience: the source can't be read on; nothing has been sent.
        OvertakenFreeze: another process is freezing it, or it was cancelled or is being edited.
    """
    if broadcast.next_step:
        raise OvertakenFreeze
    if broadcast.audience_ready_at:
        return True
    with candidates_of(broadcast) as candidates:
        if not freeze(broadcast, candidates, _rates_of(broadcast, now), keep_going=keep_going):
            return False
    _finish(broadcast, now)
    return True


def _rates_of(broadcast: Broadcast, now: datetime) -> RateTable:
    """Returns the prices of the day on which it starts, as far as that is known."""
    return rates_on(max(now, broadcast.scheduled_at or now).astimezone(UTC).date())


def _finish(broadcast: Broadcast, now: datetime) -> None:
    """Mark the audience as complete. Its file stays until the broadcast starts: a draft may still be edited."""
    known = Broadcast.objects.filter(pk=broadcast.pk, edition=broadcast.edition)
    known.filter(audience_ready_at=None).update(audience_ready_at=now, total=counts_of(broadcast.pk).total)
    if not known.exists():
        raise OvertakenFreeze
    broadcast.refresh_from_db()


def _leave_preparing(broadcast: Broadcast, now: datetime) -> None:
    try:
        if broadcast.status == BroadcastStatus.PREPARING and not lifecycle.can_be_undone(broadcast, now):
            lifecycle.finish_preparing(broadcast, now=now)
    except IllegalChange:
        return  # paused or cancelled at this very moment: that state stays


def _fail(broadcast: Broadcast, now: datetime, because: Reason) -> None:
    try:
        lifecycle.fail_preparing(broadcast, now=now, because=because)
    except IllegalChange:
        return
