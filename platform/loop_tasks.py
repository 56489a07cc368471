"""How many asyncio tasks this process has: a number that grows while the calls don't is a leak."""

from __future__ import annotations

import asyncio
from typing import Any


class LoopTasks:
    """Counts the tasks of the loop that the reactor runs. Any thread may ask."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, reactor: Any) -> None:
        """Remember the loop, once it runs."""
        reactor.callLater(0, self._remember)

    def _remember(self) -> None:
        self._loop = asyncio.get_running_loop()

    def count(self) -> float:
        """Returns the number; 0 before the loop runs, NaN if it can't be told at the moment."""
        if self._loop is None:
            return 0.0
        try:
            return float(len(asyncio.all_tasks(self._loop)))
        except RuntimeError:  # other threads made and ended tasks at each of its thousand tries
            return float("nan")


here = LoopTasks()
