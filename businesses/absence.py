"""Since when something is away, so that the log says once that it is, and once that it is back. Any thread may tell."""

from __future__ import annotations

import threading
import time


class Absence:
    """Begins with the first failure and ends with the first success."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None

    def __bool__(self) -> bool:
        return self._since is not None

    def begins(self, *, since: float | None = None) -> bool:
        """Note a failure. `since`: when what failed was asked for (monotonic). Returns whether it is the first."""
        with self._lock:
            if self._since is not None:
                return False
            self._since = time.monotonic() if since is None else since
            return True

    def ends(self) -> float | None:
        """Note a success. Returns for how many seconds it was away; None if it was not."""
        if self._since is None:  # without the lock: nearly always so, and asked for each message
            return None
        with self._lock:
            since, self._since = self._since, None
        return None if since is None else time.monotonic() - since
