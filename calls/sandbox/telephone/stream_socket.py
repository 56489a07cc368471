"""The WebSocket of a simulated media stream: the shell around `MediaStream`, with its socket and its clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from aiohttp import ClientConnectionResetError, ClientWebSocketResponse, WSMsgType

from calls.sandbox.telephone.frame_clock import FrameClock
from calls.sandbox.telephone.media_stream import LineConditions, MediaStream
from calls.sandbox.telephone.wire import DelayedQueue

_LAST_WORDS_S = 1.0


class StreamSocket:
    """Carries one stream until either side closes it. `closed_by` and `close_code` tell how that was."""

    def __init__(
        self, websocket: ClientWebSocketResponse, stream: MediaStream, line: LineConditions, seed: int
    ) -> None:
        self.stream = stream
        self.closed_by = ""
        self._websocket = websocket
        self._loop = asyncio.get_running_loop()
        self._started_at: float | None = None
        self._ended_at: float | None = None
        self._outbound = DelayedQueue(self._send_now, line.latency_s, line.jitter_s, seed)
        self._inbound = DelayedQueue(self._receive, line.latency_s, line.jitter_s, seed + 1)

    @property
    def started_at(self) -> float | None:
        """Returns the event loop's time of the stream's first frame; None before it."""
        return self._started_at

    @property
    def now(self) -> float:
        """Returns the seconds from the stream's first frame until now, or until the stream's end."""
        if self._started_at is None:
            return 0.0
        return max((self._ended_at or self._loop.time()) - self._started_at, 0.0)

    @property
    def close_code(self) -> int | None:
        """Returns the WebSocket's close code; None while it is open."""
        return self._websocket.close_code

    def send(self, frame: str | bytes) -> None:
        """Send a frame to the server."""
        self._outbound.put(frame)

    async def stop(self) -> None:
        """Hang up as the caller: send `stop` and close."""
        if not self.closed_by:
            self.closed_by = "caller"
            self.send(self.stream.stop())
            with contextlib.suppress(TimeoutError):  # the server may have stopped reading
                async with asyncio.timeout(_LAST_WORDS_S):
                    await self._outbound.join()
            await self._websocket.close()

    async def break_off(self) -> None:
        """Close without a `stop`, as when the network between Twilio and the server fails."""
        self.closed_by = self.closed_by or "network"
        await self._websocket.close()

    async def run(self, clock: FrameClock) -> None:
        """Talk in real time until the stream is over."""
        queues = [asyncio.create_task(queue.run()) for queue in (self._outbound, self._inbound)]
        clock.add(self._tick)
        try:
            async for message in self._websocket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self._inbound.put(message.data)
        finally:
            self.closed_by = self.closed_by or "server"
            self.stream.playback.advance(self.now)
            self._ended_at = self._loop.time()
            clock.remove(self._tick)
            for queue in queues:
                queue.cancel()
            await self._websocket.close()

    def _tick(self, due: float) -> None:
        if self.closed_by:
            return  # after a stop there is nothing more to say
        if self._started_at is None:
            self._started_at = due
            self._send_all(self.stream.opening())
        self._send_all(self.stream.tick(due - self._started_at, late_s=max(self._loop.time() - due, 0.0)))

    async def _receive(self, frame: str | bytes) -> None:
        self._send_all(self.stream.receive(frame, self.now))

    def _send_all(self, frames: Iterable[str]) -> None:
        for frame in frames:
            self._outbound.put(frame)

    async def _send_now(self, frame: str | bytes) -> None:
        try:
            if isinstance(frame, str):
                await self._websocket.send_str(frame)
            else:
                await self._websocket.send_bytes(frame)
        except ClientConnectionResetError:
            return  # the server has closed; reading finds out and ends the stream
