"""One simulated call from the caller's side: speak, listen, press keys, hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from calls.sandbox.telephone.call_flow import CallFlow, CallRecord
from calls.sandbox.telephone.caller_track import Span
from calls.sandbox.telephone.frame_clock import FrameClock
from calls.sandbox.telephone.media_stream import MediaStream
from calls.sandbox.telephone.stream_socket import StreamSocket


class CallFailed(Exception):
    """The call failed; the message says what the server answered."""


class PlacedCall:
    """A call in progress. Times are seconds since its (latest) media stream opened."""

    def __init__(self, flow: CallFlow, clock: FrameClock) -> None:
        self.flow = flow
        self._clock = clock
        self._awaited: list[tuple[Callable[[], object], asyncio.Future[None]]] = []
        self._task = asyncio.get_running_loop().create_task(flow.run())

    # What the caller does -------------------------------------------------------------------------
    def say(self, audio: bytes) -> Span:
        """Speak (µ-law) from the next frame on. Returns from when to when."""
        return self.stream.caller.say(audio)

    def press(self, digit: str) -> None:
        """Press a key."""
        self._open_socket.send(self.stream.press(digit))

    def send_raw(self, frame: str | bytes) -> None:
        """Send a frame that Twilio would never send."""
        self._open_socket.send(frame)

    async def hang_up(self) -> None:
        """End the call as the caller. Does nothing if it has ended."""
        if not self.is_over:
            await self.flow.hang_up()
        await self.ended()

    # What the caller waits for --------------------------------------------------------------------
    async def until(self, condition: Callable[[], object], timeout_s: float = 20.0) -> None:
        """Wait for a condition, which is tested 50 times a second.

        Raises `TimeoutError`, and `CallFailed` when the call ends first.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited.append((condition, future))
        self._clock.add(self._look)
        try:
            async with asyncio.timeout(timeout_s):
                await future
        finally:
            self._clock.remove(self._look)
            self._awaited.remove((condition, future))

    async def connected(self, timeout_s: float = 20.0) -> None:
        """Wait until the media stream is open."""
        await self.until(lambda: self.flow.socket is not None, timeout_s)

    async def quiet(self, seconds: float = 0.8, *, after_bytes: int = 1, timeout_s: float = 30.0) -> None:
        """Wait until the caller has heard so many bytes and then nothing for some time."""
        await self.until(lambda: self.heard_bytes >= after_bytes and self.quiet_for >= seconds, timeout_s)

    async def ended(self, timeout_s: float = 20.0) -> None:
        """Wait until the call is over."""
        async with asyncio.timeout(timeout_s):
            await asyncio.shield(self._task)

    # What there is to know ------------------------------------------------------------------------
    @property
    def stream(self) -> MediaStream:
        """Returns the (latest) media stream, also when it is over. Raises `CallFailed` if there was none."""
        return self._open_socket.stream

    @property
    def now(self) -> float:
        """Returns the seconds since the stream opened."""
        return self._open_socket.now

    @property
    def heard_bytes(self) -> int:
        """Returns how much of the assistant's audio the caller has heard."""
        if not self.flow.socket:
            return 0
        return self.stream.playback.heard_bytes

    @property
    def quiet_for(self) -> float:
        """Returns the seconds since the caller last heard a sound, or since the stream opened."""
        return self.now - (self.stream.playback.last_heard_at or 0.0)

    @property
    def record(self) -> CallRecord:
        """Returns what Twilio was told to do, and what it would complain about."""
        return self.flow.record

    @property
    def is_over(self) -> bool:
        """Returns whether the call has ended."""
        return self._task.done()

    @property
    def _open_socket(self) -> StreamSocket:
        if self.flow.socket is None:
            raise CallFailed(f"The call has no media stream. {'; '.join(self.record.errors)}")
        return self.flow.socket

    def _look(self, _now: float) -> None:
        for condition, future in self._awaited:
            if future.done():
                continue
            if condition():
                future.set_result(None)
            elif self.is_over:
                future.set_exception(CallFailed(f"The call ended first. {'; '.join(self.record.errors)}"))
