"""ASGI middleware that lets few requests of a kind run at once; the others wait their turn without a thread.

A request runs in a thread of its own and needs a connection to the database. Without bounds a thousand delivery
reports take all of both, and somebody who calls waits behind them. So each kind has a lane with places of its own:
callers' webhooks never queue behind news, pages or files. A place is taken until the answer begins; who reads it
slowly keeps nobody waiting.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from prometheus_client import Counter, Gauge

from frontdesk.large_bodies import SCOPE_KEY as LARGE_BODY

MOST_WAITING: Final = 2_000
"""Requests in one lane: bodies of 64 kB at most, nearly always of one. More are answered 503."""
_FULL: Final = b"Too many requests wait. Try again.\n"

_waiting = Gauge("frontdesk_requests_waiting", "Requests that wait for their turn, by lane", ["lane"])
_refused = Counter("frontdesk_requests_refused", "Requests that found too many waiting", ["lane"])


@dataclass(slots=True)
class Lane:
    """`places`: how many requests run at once, of a pool of 20 connections."""

    name: str
    places: int
    waiting: int = 0
    free: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.free = asyncio.Semaphore(self.places)
        _waiting.labels(self.name).set(0)
        _refused.labels(self.name)


class RequestLanes:
    """Wraps the HTTP application. `connections`: how many the process may hold (`DATABASE_POOL_SIZE`)."""

    def __init__(self, app: Any, *, connections: int) -> None:
        def lane(name: str, share: int) -> Lane:
            return Lane(name, max(1, connections * share // 20))

        self._app = app
        # Of 20 connections 16; the others are for streams that open (`calls/line/opening.py`) and for records.
        self._callers, self._news, self._pages = lane("callers", 5), lane("news", 3), lane("pages", 5)
        self._files, self._probes = lane("files", 2), lane("probes", 1)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Run the application when it is this request's turn."""
        lane = self.lane_of(scope)
        if lane is None:
            await self._app(scope, receive, send)
        elif lane.waiting >= MOST_WAITING:
            _refused.labels(lane.name).inc()
            await _refuse(send)
        else:
            await self._run(lane, scope, receive, send)

    async def _run(self, lane: Lane, scope: dict[str, Any], receive: Any, send: Any) -> None:
        lane.waiting += 1
        _waiting.labels(lane.name).set(lane.waiting)
        try:
            await lane.free.acquire()
        finally:
            lane.waiting -= 1
            _waiting.labels(lane.name).set(lane.waiting)
        has_place = True

        def leave() -> None:
            nonlocal has_place
            if has_place:
                has_place = False
                lane.free.release()

        async def send_on(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                leave()
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            leave()

    def lane_of(self, scope: dict[str, Any]) -> Lane | None:
        """Returns the lane of a request; None for one that needs neither thread nor database."""
        path = str(scope["path"])
        if path in {"/healthz", "/metrics"} or path.startswith("/static/"):
            return None
        if path == "/readyz":
            return self._probes
        if path in {"/calls/twilio/voice/", "/calls/twilio/after/"}:
            return self._callers
        if path.startswith(("/calls/twilio/", "/whatsapp/webhooks/")):
            return self._news
        return self._files if LARGE_BODY in scope else self._pages


async def _refuse(send: Any) -> None:
    headers = [(b"content-type", b"text/plain"), (b"retry-after", b"5")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": _FULL})
