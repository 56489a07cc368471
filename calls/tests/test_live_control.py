"""Orders from outside reach a running call, and who gave one is told whether the call's process has passed it on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from channels.layers import get_channel_layer
from django.conf import settings

from businesses.absence import Absence
from calls import mailbox
from calls.conversation.commands import NextStep
from calls.conversation.events import ReportedEnd
from calls.line import live_control

pytestmark = pytest.mark.asyncio


class HeldCall:
    """A running call that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[NextStep, str]] = []

    def operator_asked(self, step: NextStep, dial: str) -> None:
        self.told.append((step, dial))

    def end_reported(self, report: ReportedEnd, stream_sid: str) -> None:
        raise AssertionError("nobody reported an end")


@asynccontextmanager
async def listening(call_id: Any, call: HeldCall) -> AsyncIterator[None]:
    task = asyncio.create_task(live_control.listen(call_id, call))
    await asyncio.sleep(0)
    yield
    await mailbox.stop(task)


async def test_who_asks_is_answered_by_the_call() -> None:
    call_id, call = uuid4(), HeldCall()
    order = {"type": "operator.asked", "step": NextStep.TRANSFER.value, "dial": "+12125558888"}
    async with listening(call_id, call):
        await mailbox._ask(call_id, order)
    assert set(call.told) == {(NextStep.TRANSFER, "+12125558888")}


async def test_a_reader_that_loses_a_cancellation_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "_CANCEL_AGAIN_S", 0.01)
    lost: list[int] = []

    async def reads_on() -> None:
        while len(lost) < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:  # as a library does that has just got what it waited for
                lost.append(1)
        await asyncio.sleep(60)

    reading = asyncio.create_task(reads_on())
    await asyncio.sleep(0)
    await mailbox.stop(reading)
    assert reading.cancelled()


@pytest.mark.skipif(not settings.REDIS_URL, reason="the in-memory layer loses none")
async def test_calls_that_end_as_soon_as_they_began_leave_no_reader_behind() -> None:
    before = asyncio.all_tasks()
    for turn in range(12):
        readers = [asyncio.create_task(live_control.listen(uuid4(), HeldCall())) for _ in range(8)]
        await asyncio.sleep(turn * 0.0007)
        await asyncio.gather(*map(mailbox.stop, readers))
    await asyncio.sleep(0.1)
    assert asyncio.all_tasks() == before


async def test_who_asks_a_call_that_no_process_holds_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "LONGEST_WAY_S", 0.2)
    with pytest.raises(mailbox.NotReached, match="TimeoutError"):
        await asyncio.to_thread(live_control.ask, uuid4(), NextStep.HANG_UP)


async def test_the_pause_before_listening_again_starts_anew_after_a_time_that_went_well(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live_control, "_absence", Absence())
    layer: Any = get_channel_layer()
    works = [False, False, False, True, False, False]
    pauses: list[float] = []

    async def group_add(group: str, channel: str) -> None:
        if not works.pop(0):
            raise ConnectionError

    async def receive(channel: str) -> None:
        raise ConnectionError

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if not works:
            raise asyncio.CancelledError

    monkeypatch.setattr(layer, "group_add", group_add)
    monkeypatch.setattr(layer, "receive", receive)
    monkeypatch.setattr("calls.line.live_control.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await live_control.listen(uuid4(), HeldCall())
    assert pauses == [0.5, 1.0, 2.0, 0.5, 1.0, 2.0]
    away, back, away_again = [record.getMessage() for record in caplog.records]
    assert away == away_again == "Running calls are not reachable for live control (ConnectionError)"
    assert back.startswith("Running calls are reachable again after")


@pytest.mark.skipif(not settings.REDIS_URL, reason="the in-memory layer keeps no queues")
async def test_a_call_that_ends_leaves_no_queue_in_the_layer() -> None:
    readers = [asyncio.create_task(live_control.listen(uuid4(), HeldCall())) for _ in range(4)]
    await asyncio.sleep(0.3)  # one of them waits for Redis, the others for their turn
    layer: Any = get_channel_layer()
    assert layer.receive_buffer
    for reader in readers:
        await mailbox.stop(reader)
        await asyncio.sleep(0.05)  # the next one waits for Redis
    assert not layer.receive_buffer


@pytest.mark.skipif(not settings.REDIS_URL, reason="the in-memory layer has no connections")
@pytest.mark.realtime
async def test_a_quiet_mailbox_stays_open(caplog: pytest.LogCaptureFixture) -> None:
    """channels-redis waits 5 s at a time: the connection's own limit must not end that wait."""
    call_id, call = uuid4(), HeldCall()
    async with listening(call_id, call):
        await asyncio.sleep(6)  # longer than one wait
        await mailbox._ask(call_id, {"type": "operator.asked", "step": NextStep.HANG_UP.value, "dial": ""})
    assert set(call.told) == {(NextStep.HANG_UP, "")}
    assert "not reachable" not in caplog.text
