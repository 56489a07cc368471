"""One clock for the frames of all simulated calls: a tick every 20 ms, on a schedule that doesn't drift."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from calls.sandbox.telephone.caller_track import FRAME_S

Tick = Callable[[float], None]


class FrameClock:
    """Calls every registered function at each tick, with the event loop's time at which the tick was due.

    Ticks that a busy machine has missed are made up for. The clock runs while a function is registered.
    """

    def __init__(self) -> None:
        self._ticks: list[Tick] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, tick: Tick) -> None:
        """Call this function at each tick from now on."""
        self._ticks.append(tick)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def remove(self, tick: Tick) -> None:
        """Stop calling this function."""
        self._ticks.remove(tick)
        if not self._ticks and self._task:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += FRAME_S
            await asyncio.sleep(due - loop.time())
            for tick in tuple(self._ticks):
                tick(due)
