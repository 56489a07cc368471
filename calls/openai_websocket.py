"""A WebSocket to OpenAI Realtime: its address, who we say we are, whom we trust, and opening one by `websockets`.

Not by the `openai` package, though it can: that takes half a second and 30 MB of every process that answers calls, and
what is sent and understood is ours anyway ([decision 0110](../docs/decisions/0110-load-what-is-needed.md)).
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect

LARGEST_EVENT: Final = 4_000_000
"""Bytes of a server event. OpenAI's have some 50 kB at most; the libraries' own defaults are larger, or no limit."""


class _Connect(connect):
    """Follows no redirect: our key is for the address that the operator has named."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Take a redirect for the refusal that it is."""
        return exc


async def open_websocket(model: str, **options: Any) -> ClientConnection:
    """Open a WebSocket; `options` are those of `websockets`.

    Raises:
        WebSocketException: `InvalidStatus` if OpenAI answers the handshake with an error.
        OSError, TimeoutError: OpenAI can't be reached.
    """
    if is_secure():
        options["ssl"] = tls()
    return await _Connect(
        address(model),
        additional_headers=headers(),
        user_agent_header=None,
        max_size=LARGEST_EVENT,
        compression=None,
        **options,
    )


def address(model: str) -> str:
    """Returns the address of sessions with a model. What the setting asks for stays."""
    base = urlsplit(settings.OPENAI_REALTIME_URL)
    asked = urlencode([*parse_qsl(base.query), ("model", model)])
    return urlunsplit(base._replace(path=f"{base.path.rstrip('/')}/realtime", query=asked))


def headers() -> dict[str, str]:
    """Returns the headers of a handshake, with our key."""
    return {"Authorization": f"Bearer {settings.OPENAI_API_KEY or 'sandbox'}", "User-Agent": "frontdesk"}


def is_secure() -> bool:
    """Tell whether the connection to OpenAI is encrypted. That to the stand-in is not."""
    return settings.OPENAI_REALTIME_URL.startswith("wss:")


@cache
def tls() -> ssl.SSLContext:
    """Returns one context for all connections: creating one reads the certificates and blocks the loop for 15 ms."""
    return ssl.create_default_context()


def warm_up() -> None:
    """Make at start what would otherwise make the first call, and those beside it, wait."""
    if is_secure():
        tls()
