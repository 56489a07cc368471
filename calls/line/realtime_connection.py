"""Opening and closing a connection to OpenAI Realtime, and how it is watched.

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
from websockets.exceptions import ConnectionClosed, WebSocketException

LARGEST_EVENT: Final = 4_000_000
"""Bytes of a server event. OpenAI's have some 50 kB at most; the package's own default is no limit."""
CLOSE_TIMEOUT_S: Final = 1.0
PING_EVERY_S: Final = 2.0
PONG_WITHIN_S: Final = 2.5
_DROP_AFTER_S: Final = 0.5
"""How long the end of a connection may take. With the two above it makes the five seconds."""
_KEEPALIVE_FAILED: Final = "keepalive ping timeout"
"""What `websockets` writes into the close frame of a connection whose pings are not answered."""
NO_PONG: Final = "no_pong"
_BROKEN = (OSError, WebSocketException, OpenAIError, TimeoutError, ValueError, KeyError, TypeError)


@cache
def _client() -> AsyncOpenAI:
    return AsyncOpenAI(
        api_key=settings.OPENAI_API_KEY or "sandbox",
        base_url=settings.OPENAI_BASE_URL,
        websocket_base_url=settings.OPENAI_REALTIME_URL,
        max_retries=0,
    )


@cache
def _tls() -> ssl.SSLContext:
    """Returns one context for all connections: creating one reads the certificates and blocks the loop for 15 ms."""
    return ssl.create_default_context()


def _options() -> WebSocketConnectionOptions:
    """Returns options of the WebSocket. The package passes all of them on, though its type doesn't name them."""
    is_secure = settings.OPENAI_REALTIME_URL.startswith("wss:")
    options = {
        "max_size": LARGEST_EVENT,
        "compression": None,
        "ping_interval": PING_EVERY_S,
        "ping_timeout": PONG_WITHIN_S,
        "close_timeout": _DROP_AFTER_S,
        **({"ssl": _tls()} if is_secure else {}),
    }
    return cast("WebSocketConnectionOptions", options)


def warm_up() -> None:
    """Load at start what would otherwise make the first call, and those beside it, wait."""
    import_module("websockets.asyncio.client")
    _client()
    _options()


async def connect() -> AsyncRealtimeConnection:
    """Open a connection. Raises whatever the package, the network or OpenAI's refusal raises."""
    manager = _client().realtime.connect(model=settings.OPENAI_REALTIME_MODEL, websocket_connection_options=_options())
    return await manager.enter()


async def close(connection: AsyncRealtimeConnection) -> None:
    """Close a connection, whatever state it is in."""
    with suppress(*_BROKEN):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await connection.close()


def closed_reason(error: ConnectionClosed) -> str:
    """Returns a code that says how a connection ended."""
    if error.rcvd:
        return f"closed_{error.rcvd.code}"
    return NO_PONG if error.sent and error.sent.reason == _KEEPALIVE_FAILED else "closed"
