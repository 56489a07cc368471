"""After a backup was restored nothing is sent by itself: what it takes for unsent may have been sent since it was made.

Whatever would go on by itself waits for a person, who knows what happened after the backup.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.broadcasts import lifecycle, taking_back
from whatsapp.models import Broadcast, BroadcastSeries, SeriesPause, SeriesStatus
from whatsapp.series import steering
from whatsapp.states import LIVE_BROADCASTS, BroadcastStatus, PauseReason


def hold_everything(*, now: datetime) -> int:
    """Pause every broadcast and series that would send by itself. Returns how many. Safe to repeat."""
    held = 0
    for business in Business.objects.all():
        with acting_for(business), transaction.atomic():
            for broadcast in Broadcast.objects.filter(status__in=LIVE_BROADCASTS).order_by("created_at"):
                held += _hold(broadcast, now)
            for series in BroadcastSeries.objects.select_for_update().filter(status=SeriesStatus.ACTIVE):
                steering.hold(series, SeriesPause.USER)
                held += 1
    return held


def _hold(broadcast: Broadcast, now: datetime) -> bool:
    """Returns whether it would have gone on. A scheduled one whose time is over becomes a draft."""
    match broadcast.status:
        case BroadcastStatus.SCHEDULED:
            if broadcast.scheduled_at is None or broadcast.scheduled_at > now:
                return False
            taking_back.take_back(broadcast, now=now)
            return True
        case BroadcastStatus.PAUSED:
            if broadcast.pause_reason == PauseReason.USER:
                return False
            if broadcast.resume_at is None:
                return False
            lifecycle.resume(broadcast, now=now)
            broadcast.refresh_from_db()
    lifecycle.pause(broadcast, now=now)
    return True
