"""What a media stream can do with its socket besides ASGI's messages: bounds, back-pressure, and how much is unsent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

SCOPE_KEY: Final = "frontdesk.socket"


class Socket(Protocol):
    """The WebSocket under a consumer (`platform/guarded_sockets.py`)."""

    def let_in(self) -> None:
        """Allow as many and as large messages as a running call needs."""

    def taken(self) -> None:
        """Say that a message has been taken, so that more may be read."""

    async def drained(self) -> None:
        """Wait until what was sent has been taken. Raises `TimeoutError` if nothing is taken for 5 s."""


class Unbounded:
    """The socket of a server that isn't ours, as in tests of the consumer alone."""

    def let_in(self) -> None:
        """Do nothing."""

    def taken(self) -> None:
        """Do nothing."""

    async def drained(self) -> None:
        """Return at once."""


def socket_of(scope: Mapping[str, Any]) -> Socket:
    """Returns the socket that a scope belongs to."""
    found: Socket = scope.get(SCOPE_KEY) or Unbounded()
    return found
