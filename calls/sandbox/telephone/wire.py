"""A network with latency and jitter: what goes in comes out later, in unchanged order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable


class DelayedQueue:
    """Hands each entry to `deliver` after `latency_s` and up to `jitter_s` more."""

    def __init__(
        self, deliver: Callable[[str | bytes], Awaitable[None]], latency_s: float, jitter_s: float, seed: int
    ) -> None:
        self._deliver = deliver
        self._latency_s, self._jitter_s = latency_s, jitter_s
        self._chance = random.Random(seed)  # noqa: S311 - a network's jitter is no secret
        self._queue: asyncio.Queue[tuple[float, str | bytes]] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    def put(self, entry: str | bytes) -> None:
        """Take an entry, to be delivered later."""
        delay_s = self._latency_s + self._chance.uniform(0, self._jitter_s)
        self._queue.put_nowait((self._loop.time() + delay_s, entry))

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            due, entry = await self._queue.get()
            if (wait_s := due - self._loop.time()) > 0:
                await asyncio.sleep(wait_s)
            await self._deliver(entry)
            self._queue.task_done()

    async def join(self) -> None:
        """Wait until everything has been delivered."""
        await self._queue.join()
