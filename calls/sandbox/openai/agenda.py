"""Actions that are due later. The caller supplies the time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

from calls.sandbox.openai.outputs import Output

Action = Callable[[float], list[Output]]


class Agenda:
    """Actions with the times at which they are due, in seconds of one clock."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, Action]] = []
        self._order = count()

    def at(self, due: float, action: Action) -> None:
        """Plan an action. Actions that are due at the same time run in the order in which they were planned."""
        heapq.heappush(self._entries, (due, next(self._order), action))

    def next_due(self) -> float | None:
        """Returns when `run` has something to do again; None if nothing is planned."""
        return self._entries[0][0] if self._entries else None

    def run(self, now: float) -> list[Output]:
        """Run each action that is due with its own time, so that delays don't add up. Returns their outputs."""
        outputs: list[Output] = []
        while self._entries and self._entries[0][0] <= now:
            due, _, action = heapq.heappop(self._entries)
            outputs += action(due)
        return outputs
