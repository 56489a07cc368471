"""A connection to OpenAI Realtime by the `openai` package, and how it is watched.

Pings and their answers watch the line: one that is gone without a word is noticed within five seconds.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Final, cast

from django.conf import settings
from openai import AsyncOpenAI, OpenAIError
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.websocket_connection_options import WebSocketConnectionOptions
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from calls.line.model_socket import (
    CLOSE_TIMEOUT_S,
    DROP_AFTER_S,
    LARGEST_EVENT,
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

MOST_UNSENT: Final = 4_000
"""Messages: 80 s of a caller's audio, more than a line that was stalled brings at once."""
_KEEPALIVE_FAILED: Final = "keepalive ping timeout"
"""What `websockets` writes into the close frame of a connection whose pings are not answered."""
_BROKEN = (OSError, WebSocketException, OpenAIError, TimeoutError, ValueError, KeyError, TypeError)


@cache
def client() -> AsyncOpenAI:
    """Returns the client that knows OpenAI's address and our key."""
    return AsyncOpenAI(
        api_key=settings.OPENAI_API_KEY or "sandbox",
        base_url=settings.OPENAI_BASE_URL,
        websocket_base_url=settings.OPENAI_REALTIME_URL,
        max_retries=0,
    )


@cache
def tls() -> ssl.SSLContext:
    """Returns one context for all connections: creating one reads the certificates and blocks the loop for 15 ms."""
    return ssl.create_default_context()


def is_secure() -> bool:
    """Tell whether the connection to OpenAI is encrypted. That to the stand-in is not."""
    return settings.OPENAI_REALTIME_URL.startswith("wss:")


def _options() -> WebSocketConnectionOptions:
    """Returns options of the WebSocket. The package passes all of them on, though its type doesn't name them."""
    options = {
        "max_size": LARGEST_EVENT,
        "compression": None,
        "ping_interval": PING_EVERY_S,
        "ping_timeout": PONG_WITHIN_S,
        "close_timeout": DROP_AFTER_S,
        **({"ssl": tls()} if is_secure() else {}),
    }
    return cast("WebSocketConnectionOptions", options)


def warm_up() -> None:
    """Load at start what would otherwise make the first call, and those beside it, wait."""
    import_module("websockets.asyncio.client")
    client()
    _options()


async def connect(take: Take, lost: Lost) -> ModelSocket:
    """Open a connection; see `model_socket.Connect`."""
    manager = client().realtime.connect(model=settings.OPENAI_REALTIME_MODEL, websocket_connection_options=_options())
    try:
        return PackageSocket(await manager.enter(), take=take, lost=lost)
    except InvalidStatus as error:
        answer = error.response
        raise HandshakeRefused(answer.status_code, answer.body or b"", answer.headers) from error
    except (WebSocketException, OpenAIError) as error:
        raise SocketFailed(type(error).__name__) from error


class PackageSocket:
    """A connection of the package's, read and written by two tasks."""

    def __init__(self, connection: AsyncRealtimeConnection, *, take: Take, lost: Lost) -> None:
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
                await self._connection.send_raw(text)
            if self._is_overrun:
                raise TimeoutError

    async def _read(self) -> None:
        while True:
            self._take(await self._connection.recv_bytes())


def _told(error: Exception) -> Exception:
    match error:
        case ConnectionClosed():
            if error.rcvd is None and error.sent and error.sent.reason == _KEEPALIVE_FAILED:
                return SocketFailed(NO_PONG)
            return closed(error.rcvd.code if error.rcvd else None)
        case WebSocketException() | OpenAIError():
            return SocketFailed(type(error).__name__)
    return error
