"""Doorbells: rung twice, late or never, they change nothing."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from django.core.cache import cache

from testing.meta import ThreadedMeta
from whatsapp import tasks
from whatsapp.conftest import states
from whatsapp.models import Broadcast
from whatsapp.running import shifts
from whatsapp.running.loop import LoopReport


def test_a_ring_sends_what_is_to_be_sent(meta: ThreadedMeta, broadcast: Broadcast) -> None:
    tasks.drive(str(broadcast.pk), 0)
    tasks.drive()
    assert states(broadcast) == {"accepted": 20}
    assert len(meta.posts) == 20


def test_when_enough_loops_run_another_ring_does_nothing(meta: ThreadedMeta, broadcast: Broadcast) -> None:
    for number in range(tasks.LOOPS):
        cache.set(f"whatsapp:loop:{number}", 1, 60)
    tasks.drive()
    assert meta.posts == []
    cache.clear()
    tasks.drive()
    assert len(meta.posts) == 20


def test_a_ring_is_heard_while_redis_is_away(meta: ThreadedMeta, broadcast: Broadcast, settings: Any) -> None:
    redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = {"default": redis}
    tasks.drive()
    assert len(meta.posts) == 20


def test_a_seat_is_kept_as_long_as_its_loop_runs_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SEAT_S", 1)
    monkeypatch.setattr(tasks, "CLAIM_EVERY_S", 0.1)

    async def work(_seconds: float) -> LoopReport:
        await asyncio.sleep(1.6)
        for _ in range(tasks.LOOPS - 1):
            assert tasks._claim_seat()
        assert tasks._claim_seat() is None, "its seat was free again"
        return LoopReport(accepted=0, is_idle=True)

    monkeypatch.setattr(shifts, "work_a_shift", work)
    tasks.drive()
    assert tasks._claim_seat() == "whatsapp:loop:0"
    time.sleep(1.2)
    assert tasks._claim_seat() == "whatsapp:loop:0", "whoever is killed keeps no seat"
