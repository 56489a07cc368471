"""The broker without Redis: kombu's in-memory one, whose worker waits for a message instead of asking again and again.

Kombu's own looks for messages again and again with a pause in between, which costs an idle process more the shorter the
pause, and keeps a page's wake-up waiting for as long as that.
"""

from __future__ import annotations

import threading
from queue import Empty
from time import monotonic
from typing import Any

from kombu.transport import memory

_something_new = threading.Event()
"""Set when a message may be taken that could not be before. One worker of a process waits for it."""


class Channel(memory.Channel):
    """Says so when a message has come, and when one was dealt with: a worker takes only so many at a time."""

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        super()._put(queue, message, **kwargs)
        _something_new.set()

    def _put_fanout(self, exchange: str, message: Any, routing_key: str | None = None, **kwargs: Any) -> None:
        super()._put_fanout(exchange, message, routing_key, **kwargs)
        _something_new.set()

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Acknowledge a message."""
        super().basic_ack(delivery_tag, multiple)
        _something_new.set()

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Reject a message."""
        super().basic_reject(delivery_tag, requeue)
        _something_new.set()


class Transport(memory.Transport):
    """Kombu's transport with such channels."""

    Channel = Channel

    cycle: Any

    def drain_events(self, connection: Any, timeout: float | None = None, **kwargs: Any) -> None:
        """Deliver one message, once there is one. Raises `TimeoutError` if none comes in time (seconds)."""
        give_up_at = monotonic() + timeout if timeout is not None else None
        while True:
            _something_new.clear()
            try:
                self.cycle.get(self._deliver, timeout=timeout)
                return
            except Empty:
                left_s = give_up_at - monotonic() if give_up_at is not None else None
                if not _something_new.wait(left_s):
                    raise TimeoutError from None
