"""OpenAI's side of a call: what a session needs of a WebSocket to OpenAI Realtime, whichever library opens it.

Two open one: `realtime_connection.py` through `websockets`, `picows_connection.py` through picows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

CLOSE_TIMEOUT_S: Final = 1.0
PING_EVERY_S: Final = 2.0
PONG_WITHIN_S: Final = 2.5
DROP_AFTER_S: Final = 0.5
"""How long the end of a dead connection may take. With the two above it makes the five seconds."""
SEND_TIMEOUT_S: Final = 3.0
"""OpenAI takes audio in real time: a connection that takes nothing for this long is dead."""
NO_PONG: Final = "no_pong"


class ModelSocket(Protocol):
    """An open WebSocket to OpenAI."""

    def send(self, text: str) -> None:
        """Queue a message; returns at once. When too much waits to be sent, the socket is lost."""

    async def close(self) -> None:
        """Close it, whatever state it is in. Nothing is taken or lost after this has begun."""


Take = Callable[[bytes], None]
"""Takes a message. It may be called before `Connect` has returned."""
Lost = Callable[[Exception], None]
"""Told once why a socket that we have not closed is gone."""
Connect = Callable[[Take, Lost], Awaitable[ModelSocket]]
"""Opens a socket. Raises `SocketFailed` (`HandshakeRefused`), `OSError` or `TimeoutError`."""


class SocketFailed(Exception):
    """A connection has ended, or was not opened. `reason` is a code for the call's record: `closed_1001`, `no_pong`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class HandshakeRefused(SocketFailed):
    """OpenAI answered the handshake with an error."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        super().__init__(f"http_{status}")
        self.status = status
        self.body = body
        self.headers = headers


def closed(code: int | None) -> SocketFailed:
    """Returns how a connection ended. `code` is what the other end gave, if it did."""
    return SocketFailed("closed" if code is None else f"closed_{code}")
