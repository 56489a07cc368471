"""One HTTP POST, and the only question that matters when it fails: can the other side have taken it?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.request import getproxies

import aiohttp

from whatsapp.providers.base import SendOutcome, SendResult

CONNECT_TIMEOUT_S = 5.0
# Shorter than the providers' own: a connection that they close while we write leaves us not knowing.
KEEP_ALIVE_S = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    body: bytes
    retry_after_s: float | None = None

    def json(self) -> Any:
        """The decoded body, None if it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def open_session(*, connections: int, timeout_s: float) -> aiohttp.ClientSession:
    """A pool of kept-alive connections. A POST that outlasts `timeout_s` has an unknown outcome."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEEP_ALIVE_S),
        timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(CONNECT_TIMEOUT_S, timeout_s / 2)),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=bool(getproxies()),  # only if there is a proxy: it costs two hops to a thread for every request
    )


async def post(
    http: aiohttp.ClientSession,
    url: str,
    body: bytes | Mapping[str, str],
    headers: Mapping[str, str],
) -> Answer | SendResult:
    """Post once, following nothing and repeating nothing; a `SendResult` when no answer came."""
    try:
        async with http.post(url, data=body, headers=headers, allow_redirects=False) as response:
            return Answer(response.status, await response.read(), _seconds(response.headers.get("Retry-After")))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as problem:
        # No connection, so nothing was written.
        return SendResult(SendOutcome.SAFE_RETRY, text=_describe(problem))
    except (aiohttp.ClientError, TimeoutError, OSError) as problem:
        return SendResult(SendOutcome.UNKNOWN, text=_describe(problem))


def _describe(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:200]


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdigit() else None
