"""What is to happen later, in the time of whoever asks."""

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
        """Do something at a time; what is due at the same time is done in the order of asking."""
        heapq.heappush(self._entries, (due, next(self._order), action))

    def next_due(self) -> float | None:
        """When `run` has something to do again."""
        return self._entries[0][0] if self._entries else None

    def run(self, now: float) -> list[Output]:
        """Do everything that is due, each action at its own time, so that lateness doesn't add up."""
        outputs: list[Output] = []
        while self._entries and self._entries[0][0] <= now:
            due, _, action = heapq.heappop(self._entries)
            outputs += action(due)
        return outputs
