"""Fetching a file of a message from a provider: bounded, and never with our token to a place that isn't theirs.

Every request goes to an address that was judged before (`Allowed`), and a redirect is followed only where a provider
says so, to addresses judged likewise, without credentials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urljoin, urlsplit

from whatsapp.states import MediaProblem

if TYPE_CHECKING:
    import aiohttp

CHUNK: Final = 64 * 1024
READ_TIMEOUT_S: Final = 20
"""Without a byte of the answer."""
MOST_REDIRECTS: Final = 3
_USER_AGENT: Final = "Frontdesk/1.0"
"""Meta's file server answers nothing useful to requests without one."""
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_LASTING: Final = frozenset({400, 401, 403, 404, 410, 451})
"""Statuses that the next request would get as well."""

Allowed = Callable[[SplitResult], bool]
"""Whether an address may be asked. It gets only addresses that `_judged` has found to be well-formed."""


class MediaUnavailable(Exception):
    """A file can't be had now. `is_final`: asking again by ourselves is of no use; a member may still ask for it."""

    def __init__(self, problem: MediaProblem, *, is_final: bool = False, retry_after_s: float = 0.0) -> None:
        super().__init__(problem)
        self.problem, self.is_final, self.retry_after_s = problem, is_final, retry_after_s


@dataclass(slots=True)
class Sink:
    """Where a file is written, and how much it may hold (bytes)."""

    write: Callable[[bytes], object]
    most: int
    written: int = 0

    def take(self, piece: bytes) -> None:
        """Write a piece. Raises `MediaUnavailable` when the file is too large."""
        self.expect(self.written + len(piece))
        self.write(piece)
        self.written += len(piece)

    def expect(self, size: int) -> None:
        """Raises `MediaUnavailable` for a size that is too large."""
        if size > self.most:
            raise MediaUnavailable(MediaProblem.TOO_LARGE, is_final=True)


def same_origin(address: SplitResult, base: str) -> bool:
    """Returns whether an address has the scheme, host and port of our API address: that gets the token anyway."""
    ours = urlsplit(base)
    return (address.scheme, address.hostname, address.port) == (ours.scheme, ours.hostname, ours.port)


def on_host(address: SplitResult, host: str) -> bool:
    """Returns whether an address is on this host, over https at its usual port."""
    return address.scheme == "https" and address.hostname == host and address.port in {None, 443}


async def ask(http: aiohttp.ClientSession, url: str, headers: Mapping[str, str], most: int) -> tuple[int, bytes, float]:
    """Returns status, body (of at most so many bytes) and `Retry-After` of one GET. Raises `MediaUnavailable`."""
    import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask a provider

    body = b""
    try:
        async with _get(http, url, headers) as answer:
            async for piece in answer.content.iter_chunked(CHUNK):
                body += piece
                if len(body) > most:
                    raise ValueError("The answer is too long.")
            return answer.status, body, _seconds(answer)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        raise MediaUnavailable(MediaProblem.UNREACHABLE) from None


async def download(
    http: aiohttp.ClientSession,
    url: str,
    sink: Sink,
    *,
    allowed: Allowed,
    headers: Mapping[str, str],
    moved_to: Allowed | None = None,
) -> None:
    """GET a file into the sink. `moved_to` judges redirects; None: none is followed.

    Raises:
        MediaUnavailable: it isn't there (404 and 410), or can't be had.
    """
    url = _judged(url, allowed)
    for _hop in range(MOST_REDIRECTS + 1):
        following = await _read(http, url, headers, sink)
        if following is None:
            return
        if moved_to is None:
            break
        url, headers = _judged(urljoin(url, following), moved_to), {}
    raise MediaUnavailable(MediaProblem.ELSEWHERE, is_final=True)


async def _read(http: aiohttp.ClientSession, url: str, headers: Mapping[str, str], sink: Sink) -> str | None:
    """Read one answer into the sink. Returns where a redirect leads, None for a file that was read."""
    import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask a provider

    try:
        async with _get(http, url, headers) as answer:
            if answer.status in _MOVED:
                return answer.headers.get("Location", "")
            if answer.status != 200:
                raise refused(answer.status, _seconds(answer))
            sink.expect(answer.content_length or 0)
            async for piece in answer.content.iter_chunked(CHUNK):
                sink.take(piece)
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError):
        raise MediaUnavailable(MediaProblem.DAMAGED) from None
    except (aiohttp.ClientError, TimeoutError, ValueError):
        raise MediaUnavailable(MediaProblem.UNREACHABLE) from None
    return None


def refused(status: int, retry_after_s: float = 0.0) -> MediaUnavailable:
    """Returns what an HTTP status other than 200 means for a file."""
    if status in {404, 410}:
        return MediaUnavailable(MediaProblem.GONE, is_final=True)
    if status in _LASTING:
        return MediaUnavailable(MediaProblem.REFUSED, is_final=True)
    return MediaUnavailable(MediaProblem.UNREACHABLE, retry_after_s=retry_after_s)


def _get(
    http: aiohttp.ClientSession, url: str, headers: Mapping[str, str]
) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask a provider

    ours = {"User-Agent": _USER_AGENT, "Accept-Encoding": "identity"}
    limits = aiohttp.ClientTimeout(sock_connect=5, sock_read=READ_TIMEOUT_S)
    return http.get(url, headers={**ours, **headers}, allow_redirects=False, timeout=limits)


def _judged(url: str, allowed: Allowed) -> str:
    """Returns an address that may be asked. Raises `MediaUnavailable`."""
    try:
        address = urlsplit(url)
        is_plain = address.username is None and address.password is None and "\\" not in url and address.port != 0
    except ValueError:
        raise MediaUnavailable(MediaProblem.ELSEWHERE, is_final=True) from None
    if address.scheme not in {"http", "https"} or not address.hostname or not is_plain or not allowed(address):
        raise MediaUnavailable(MediaProblem.ELSEWHERE, is_final=True)
    return url


def _seconds(answer: aiohttp.ClientResponse) -> float:
    written = answer.headers.get("Retry-After", "")
    return float(min(int(written), 86_400)) if written.isdecimal() and len(written) < 8 else 0.0
