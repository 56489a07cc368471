"""A connection to OpenAI Realtime by the `websockets` library, and how it is watched.

Pings and their answers watch the line: one that is gone without a word is noticed within five seconds.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from django.conf import settings
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from calls.line.model_socket import (
    CLOSE_TIMEOUT_S,
    DROP_AFTER_S,
    NO_PONG,
    PING_EVERY_S,
    PONG_WITHIN_S,
    SEND_TIMEOUT_S,
    HandshakeRefused,
    Lost,
    ModelSocket,
    SocketFailed,
    Take,
    closed,
)
from calls.openai_websocket import open_websocket

MOST_UNSENT: Final = 4_000
"""Messages: 80 s of a caller's audio, more than a line that was stalled brings at once."""
_KEEPALIVE_FAILED: Final = "keepalive ping timeout"
"""What `websockets` writes into the close frame of a connection whose pings are not answered."""
_BROKEN = (OSError, WebSocketException, TimeoutError, ValueError, KeyError, TypeError)


async def connect(take: Take, lost: Lost) -> ModelSocket:
    """Open a connection; see `model_socket.Connect`."""
    try:
        connection = await open_websocket(
            settings.OPENAI_REALTIME_MODEL,
            ping_interval=PING_EVERY_S,
            ping_timeout=PONG_WITHIN_S,
            close_timeout=DROP_AFTER_S,
        )
    except InvalidStatus as error:
        answer = error.response
        raise HandshakeRefused(answer.status_code, answer.body or b"", answer.headers) from error
    except WebSocketException as error:
        raise SocketFailed(type(error).__name__) from error
    return QueuedSocket(connection, take=take, lost=lost)


class QueuedSocket:
    """A connection of the library's, read and written by two tasks."""

    def __init__(self, connection: ClientConnection, *, take: Take, lost: Lost) -> None:
        self._connection = connection
        self._take = take
        self._lost = lost
        self._outbox: asyncio.Queue[str] = asyncio.Queue(MOST_UNSENT)
        self._is_overrun = False
        self._task = asyncio.create_task(self._exchange(), name="socket to OpenAI")

    def send(self, text: str) -> None:
        """Queue a message. When there is no room, this connection is lost: `_write` tells so."""
        if self._outbox.full():
            self._is_overrun = True
        else:
            self._outbox.put_nowait(text)

    async def close(self) -> None:
        """Close the connection."""
        self._task.cancel()
        with suppress(*_BROKEN):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._connection.close()

    async def _exchange(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write())
                group.create_task(self._read())
        except ExceptionGroup as group_of_one:
            self._lost(_told(group_of_one.exceptions[0]))

    async def _write(self) -> None:
        while True:
            text = await self._outbox.get()
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._connection.send(text)
            if self._is_overrun:
                raise TimeoutError

    async def _read(self) -> None:
        while True:
            self._take(await self._connection.recv(decode=False))


def _told(error: Exception) -> Exception:
    match error:
        case ConnectionClosed():
            if error.rcvd is None and error.sent and error.sent.reason == _KEEPALIVE_FAILED:
                return SocketFailed(NO_PONG)
            return closed(error.rcvd.code if error.rcvd else None)
        case WebSocketException():
            return SocketFailed(type(error).__name__)
    return error
