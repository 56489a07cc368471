"""Asking an address that somebody of a business has entered, without being led into the network that we run in.

The check is made where it can't be got around: each socket is made for one network address, and only for one that is
public (`public_networks.py`). Whatever the address was written like, whatever its name led to a moment ago, and
wherever a redirect points, nothing else is connected to. The name stays what the certificate and `Host` are about.

Proxies of the environment are not used, since a proxy would look names up by itself. Answers are neither unpacked nor
read further than `most`, and a request has a time in which everything must have happened. It may not be called on an
event loop.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from django.conf import settings

from businesses.public_networks import is_public

if TYPE_CHECKING:
    import aiohttp

MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = {301, 302, 303, 307, 308}
_LONGEST: Final = 2_000


class Problem(StrEnum):
    """Why there is no answer. The codes are stored, so they don't change."""

    BAD_ADDRESS = "bad_address"
    NOT_HTTPS = "not_https"
    PRIVATE = "private"
    UNKNOWN_NAME = "unknown_name"
    UNREACHABLE = "unreachable"
    BAD_CERTIFICATE = "bad_certificate"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    REDIRECTED_TOO_OFTEN = "redirects"
    BROKEN = "broken"


class NoAnswer(Exception):
    """There is no answer, and `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `headers` have lower-case names, `url` is where it came from in the end."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    url: str


def refusal(url: str) -> Problem | None:
    """Returns what is wrong with an address as it is written, for whoever enters it; names are not looked up."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return Problem.BAD_ADDRESS
    is_odd = parts.username is not None or parts.password is not None or port == 0 or len(url) > _LONGEST
    if parts.scheme not in {"http", "https"} or not host or is_odd or not url.isprintable() or " " in url:
        return Problem.BAD_ADDRESS
    if parts.scheme == "http" and not settings.DEBUG:
        return Problem.NOT_HTTPS
    if _is_literal(host) and not _may_reach(host, host):
        return Problem.PRIVATE
    return None


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float, most: int) -> Answer:
    """Returns the answer to one POST; a redirect is an answer, and is not followed. Raises `NoAnswer`.

    The answer's body is cut at `most` bytes: of what is not read, nobody asks.
    """
    request = _Request("POST", url, body, headers, timeout_s, most, may_cut=True)
    return asyncio.run(_within(request, redirects=0))


def get(url: str, *, timeout_s: float, most: int, headers: Mapping[str, str] | None = None) -> Answer:
    """Returns the answer to a GET, at most five redirects away, each of them checked. Raises `NoAnswer`.

    More than `most` bytes raise it, too. `headers` go to every address on the way, so they hold no secrets.
    """
    request = _Request("GET", url, None, headers or {}, timeout_s, most, may_cut=False)
    return asyncio.run(_within(request, redirects=MOST_REDIRECTS))


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    body: bytes | None
    headers: Mapping[str, str]
    timeout_s: float
    most: int
    may_cut: bool


async def _within(request: _Request, *, redirects: int) -> Answer:
    try:
        async with asyncio.timeout(request.timeout_s):
            return await _ask(request, redirects)
    except TimeoutError:
        raise NoAnswer(Problem.TOO_SLOW) from None


async def _ask(request: _Request, redirects: int) -> Answer:
    url = request.url
    for _hop in range(redirects + 1):
        answer = await _ask_once(request, url)
        target = answer.headers.get("location", "")
        if not redirects or answer.status not in _REDIRECTS or not target:
            return answer
        was_safe, url = urlsplit(url).scheme == "https", urljoin(url, target)
        if was_safe and urlsplit(url).scheme != "https":
            raise NoAnswer(Problem.NOT_HTTPS)
    raise NoAnswer(Problem.REDIRECTED_TOO_OFTEN)


async def _ask_once(request: _Request, url: str) -> Answer:
    import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask

    problem = refusal(url)
    if problem is not None:
        raise NoAnswer(problem)
    gate = _Gate(urlsplit(url).hostname or "")
    connector = aiohttp.TCPConnector(socket_factory=gate.open, use_dns_cache=False, force_close=True)
    headers = {"User-Agent": "Frontdesk", "Accept-Encoding": "identity", **request.headers}
    try:
        async with (
            aiohttp.ClientSession(
                connector=connector, trust_env=False, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            ) as http,
            http.request(request.method, url, data=request.body, headers=headers, allow_redirects=False) as answer,
        ):
            body = await _read(answer, request)
            told = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, body, told, url)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NoAnswer(gate.problem or _problem(error)) from None


async def _read(answer: aiohttp.ClientResponse, request: _Request) -> bytes:
    body = b""
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > request.most:
            if request.may_cut:
                answer.close()
                return body[: request.most]
            raise NoAnswer(Problem.TOO_LARGE)
    return body


@dataclass(slots=True)
class _Gate:
    """Makes the sockets of one request: each for a network address that may be reached, or none."""

    host: str
    problem: Problem | None = field(default=None)

    def open(self, found: tuple[Any, ...]) -> socket.socket:
        """Returns a socket for one entry of `getaddrinfo`; this is the last thing before it is connected."""
        family, kind, protocol, _name, (address, *_rest) = found
        if not _may_reach(self.host, str(address)):
            self.problem = Problem.PRIVATE
            raise PermissionError("not a public address")
        self.problem = None
        return socket.socket(family, kind, protocol)


def _may_reach(host: str, address: str) -> bool:
    """Returns whether a host may be reached at an address: a public one, or one that the operator has named."""
    if is_public(address):
        return True
    return any(_is_named(entry, host, address) for entry in settings.PRIVATE_HOSTS)


def _is_named(entry: str, host: str, address: str) -> bool:
    try:
        return ip_address(address) in ip_network(entry, strict=False)
    except ValueError:
        return entry.lower().rstrip(".") == host.lower().rstrip(".")


def _is_literal(host: str) -> bool:
    """Returns whether a host is an address itself, in any way of writing that the system understands: 0x7f.1 too."""
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        return True
    try:
        socket.inet_aton(host)
    except (OSError, UnicodeEncodeError):
        return False
    return True


def _problem(error: Exception) -> Problem:
    import aiohttp  # noqa: PLC0415 - as above

    match error:
        case aiohttp.ClientConnectorDNSError():
            return Problem.UNKNOWN_NAME
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return Problem.BAD_CERTIFICATE
        case aiohttp.InvalidURL():
            return Problem.BAD_ADDRESS
        case TimeoutError():
            return Problem.TOO_SLOW
        case aiohttp.ClientConnectorError() | ConnectionError():
            return Problem.UNREACHABLE
    return Problem.BROKEN
