"""The one timer of a running call: it fires when something becomes due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls `ring` when the moment has come that it was set to last, in seconds since the stream opened.

    While the assistant is heard, each mark that comes back moves that moment a little further away. A timer of the loop
    that fires sooner is therefore left alone, and set again when it fires.
    """

    def __init__(self, opened_at: float, ring: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._opened_at = opened_at
        self._ring = ring
        self._at: float | None = None
        self._fires_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, at: float | None) -> None:
        """Ring at another moment than before; None: not at all."""
        if at == self._at:
            return
        self._at = at
        if self._timer is not None:
            if at is not None and self._fires_at <= at:
                return
            self._timer.cancel()
        self._begin(at)

    def _begin(self, at: float | None) -> None:
        self._timer = None
        if at is not None:
            self._fires_at = at
            self._timer = self._loop.call_at(self._opened_at + at, self._fire)

    def _fire(self) -> None:
        at = self._at
        if at is not None and self._fires_at < at:
            self._begin(at)
        else:
            self._timer = self._at = None
            self._ring()
