"""One HTTP POST. When it fails, only one question matters: can the other side have accepted it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies

import orjson

from whatsapp.providers.base import SendOutcome, SendResult

if TYPE_CHECKING:
    import aiohttp

CONNECT_TIMEOUT_S = 5.0
# Shorter than the providers' own: if they closed a connection while we write, the outcome would be unknown.
KEEP_ALIVE_S = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer."""

    status: int
    body: bytes
    retry_after_s: float | None = None

    def json(self) -> Any:
        """Returns the decoded body; None if it is not JSON."""
        try:
            return orjson.loads(self.body)
        except ValueError:
            return None


def open_session(*, connections: int, timeout_s: float) -> aiohttp.ClientSession:
    """Returns a pool of kept-alive connections. A POST that takes longer than `timeout_s` has an unknown outcome."""
    import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask a provider

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEEP_ALIVE_S),
        timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(CONNECT_TIMEOUT_S, timeout_s / 2)),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=bool(getproxies()),  # only with a proxy: it costs two switches to a thread per request
    )


async def post(
    http: aiohttp.ClientSession,
    url: str,
    body: bytes | Mapping[str, str],
    headers: Mapping[str, str],
) -> Answer | SendResult:
    """Post once, without redirects or repetition. Returns a `SendResult` when no answer came."""
    import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask a provider

    try:
        async with http.post(url, data=body, headers=headers, allow_redirects=False) as response:
            return Answer(response.status, await response.read(), _seconds(response.headers.get("Retry-After")))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as problem:
        # There was no connection, so nothing was written.
        return SendResult(SendOutcome.SAFE_RETRY, text=_describe(problem))
    except (aiohttp.ClientError, TimeoutError, OSError) as problem:
        return SendResult(SendOutcome.UNKNOWN, text=_describe(problem))


def _describe(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:200]


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdigit() else None
