"""How late this process's event loop is. All of a call happens on it, so a loop that lags makes every call late."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

LOOK_EVERY_S: Final = 0.25
REMEMBERED_S: Final = 5.0
MOST_S: Final = 2.0
"""A process whose loop was later than this takes no new calls until it has kept up for `REMEMBERED_S`."""


class LoopLag:
    """Looks whether the loop comes when it was asked to. Any thread may read `worst_s`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque(maxlen=round(REMEMBERED_S / LOOK_EVERY_S) + 1)
        self._due: float | None = None

    def start(self, reactor: Any) -> None:
        """Look for as long as the reactor runs."""
        now = self._clock()
        if self._due is not None:
            self._seen.append((now, now - self._due))
        self._due = now + LOOK_EVERY_S
        reactor.callLater(LOOK_EVERY_S, self.start, reactor)

    def worst_s(self) -> float:
        """Returns how late it was at worst in the last seconds, or is at the moment; 0 if nobody looks."""
        now = self._clock()
        late = [lag for at, lag in tuple(self._seen) if at >= now - REMEMBERED_S]
        return max(*late, now - self._due, 0.0) if self._due is not None and late else 0.0


here = LoopLag()


def problem() -> str:
    """Returns that this process is too busy for one more call; empty if it is not."""
    lag_s = here.worst_s()
    return f"the process is overloaded: its event loop was {lag_s:.1f} s late" if lag_s > MOST_S else ""
