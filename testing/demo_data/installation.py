"""What the operator's page shows besides businesses: a synthetic call, and web processes that come and go."""

from __future__ import annotations

from datetime import datetime, timedelta

from businesses.models import WebProcess
from calls.models import SyntheticCall, SyntheticFault


def add(*, now: datetime) -> None:
    """Create both."""
    SyntheticCall.objects.create(
        claimed_at=now - timedelta(minutes=4),
        ended_at=now - timedelta(minutes=4),
        fault=SyntheticFault.NO_ANSWER,
        greeting_whole=True,
        first_sound_ms=184,
    )
    for name, calls, is_draining, ago_s in (("web-2:41", 3, True, 2), ("web-3:7", 1, False, 340)):
        WebProcess.objects.create(
            name=name,
            release="0.1.0",
            since=now - timedelta(days=2),
            calls=calls,
            calls_most=40,
            lag_s=0.004,
            is_draining=is_draining,
            at=now - timedelta(seconds=ago_s),
        )
