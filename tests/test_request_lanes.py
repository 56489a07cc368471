"""Kinds of requests have places of their own; a place is free again as soon as its answer begins."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from frontdesk import request_lanes
from frontdesk.request_lanes import RequestLanes

pytestmark = [pytest.mark.asyncio, pytest.mark.once]


class Application:
    """An application that answers a request when told, and reads slowly by whoever asked."""

    def __init__(self) -> None:
        self.running: list[str] = []
        self.answers = asyncio.Event()
        self.ends = asyncio.Event()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.running.append(scope["path"])
        await self.answers.wait()
        await send({"type": "http.response.body"})
        await self.ends.wait()


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_reports_wait_for_each_other_and_callers_for_none_of_them() -> None:
    application, sent = Application(), []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    lanes = RequestLanes(application, connections=20)
    paths = ["/whatsapp/webhooks/cloud/"] * 5 + ["/calls/twilio/status/"] * 5 + ["/calls/twilio/voice/", "/healthz"]
    tasks = [asyncio.create_task(lanes({"path": path}, None, send)) for path in paths]
    await turns()
    assert application.running == ["/whatsapp/webhooks/cloud/"] * 3 + ["/calls/twilio/voice/", "/healthz"]
    application.answers.set()
    await turns()
    assert len(application.running) == len(paths), "places are free, though nobody has read an answer to its end"
    application.ends.set()
    await asyncio.gather(*tasks)
    assert len(sent) == len(paths)


async def test_a_lane_that_is_full_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_lanes, "MOST_WAITING", 1)
    application, sent = Application(), []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message.get("status"))

    lanes = RequestLanes(application, connections=1)
    tasks = [asyncio.create_task(lanes({"path": "/b/acme/"}, None, send)) for _ in range(3)]
    await turns()
    assert sent == [503, None]
    application.answers.set()
    application.ends.set()
    await asyncio.gather(*tasks)


async def test_who_leaves_while_waiting_takes_no_place() -> None:
    application = Application()
    lanes = RequestLanes(application, connections=1)
    tasks = [asyncio.create_task(lanes({"path": "/b/acme/"}, None, None)) for _ in range(3)]
    await turns()
    tasks[1].cancel()
    tasks[0].cancel()
    await turns()
    assert len(application.running) == 2
    tasks[2].cancel()
