"""Seats for reading files while a page waits: few at once in a process, and one for each business.

So a business that uploads slow files again and again takes no other's turn, and memory stays bounded.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from whatsapp.errors import BadAudience
from whatsapp.reasons import Cause


class Seats:
    """At most `most` holders at once, none of them twice. Somebody waits at most `patience_s` for a seat."""

    def __init__(self, most: int, patience_s: float) -> None:
        self._most, self._patience_s = most, patience_s
        self._taken: set[Hashable] = set()
        self._changed = threading.Condition()

    @contextmanager
    def one_for(self, holder: Hashable) -> Iterator[None]:
        """Hold a seat for the duration of the block. Raises `BadAudience` if none has become free in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_free_for(holder), self._patience_s):
                raise BadAudience(Cause.READERS_BUSY)
            self._taken.add(holder)
        try:
            yield
        finally:
            with self._changed:
                self._taken.remove(holder)
                self._changed.notify_all()

    def _is_free_for(self, holder: Hashable) -> bool:
        return holder not in self._taken and len(self._taken) < self._most
