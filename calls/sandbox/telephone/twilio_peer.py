"""A stand-in for Twilio: places calls to a Frontdesk server over real HTTP and WebSockets, in real time.

For tests: `async with TwilioPeer(url) as twilio, twilio.call(to="+972…") as call:`, then `await call.until(…)`,
`call.say(audio)`, `await call.hang_up()`, and read `call.record`.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from twilio.request_validator import RequestValidator

from calls.sandbox.telephone.after_the_beep import AfterTheBeep, Tray
from calls.sandbox.telephone.call_flow import CallFlow
from calls.sandbox.telephone.called_person import CalledPerson
from calls.sandbox.telephone.frame_clock import FrameClock
from calls.sandbox.telephone.media_stream import LineConditions, TwilioIds
from calls.sandbox.telephone.placed_call import PlacedCall

Answer = TypeVar("Answer")
_TIMEOUT_S = 15  # Twilio waits so long for a webhook


class ServerUnreachable(Exception):
    """Nothing answers at the server's address."""


class TwilioPeer:
    """Places calls to the server at `url`.

    `public_url` is the server's `PUBLIC_URL`. Twilio signs it, with `auth_token`; requests to it are sent to `url`.
    While nothing listens there, they go to the `others` in turn, as a proxy in front of several processes sends them.
    Media streams go to `media_url`, where a server of their own serves them; while nothing listens there, to `url`.
    """

    def __init__(
        self,
        url: str,
        *,
        others: Sequence[str] = (),
        auth_token: str = "",
        public_url: str = "",
        media_url: str = "",
        account_sid: str = "",
    ) -> None:
        self._url = url.rstrip("/")
        self._others = tuple(others)
        self._media_url = media_url.rstrip("/")
        self._public_url = (public_url or url).rstrip("/")
        self._signer = RequestValidator(auth_token) if auth_token else None
        self._account_sid = account_sid or f"AC{secrets.token_hex(16)}"
        self._seeds = itertools.count()
        self.clock = FrameClock()
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(force_close=True)  # a connection that is kept may lead to a process that died
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S), connector=connector)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http:
            await self._http.close()

    async def check_server(self) -> None:
        """Raises `ServerUnreachable` unless a server answers."""
        assert self._http is not None, "use the peer with `async with`"  # noqa: S101
        try:
            async with self._http.get(f"{self._url}/healthz"):
                return
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ServerUnreachable(f"No server answers at {self._url}") from error

    @asynccontextmanager
    async def call(
        self,
        *,
        to: str,
        from_: str = "+15005550001",
        line: LineConditions | None = None,
        people: Sequence[CalledPerson] = (),
        after_beep: AfterTheBeep | None = None,
        tray: Tray | None = None,
        keys: Sequence[str] = (),
    ) -> AsyncIterator[PlacedCall]:
        """Place a call; leaving the block hangs up. `people`: who answers the numbers that are dialled, in turn.

        `after_beep`: what the caller does who is asked for a message; `tray`: where its recording is put.
        `keys`: what the caller presses whenever keys are asked for, in turn; afterwards nothing.
        """
        ids = TwilioIds(self._account_sid, f"CA{secrets.token_hex(16)}", f"MZ{secrets.token_hex(16)}")
        numbers = {"From": from_, "Caller": from_, "To": to, "Called": to}
        flow = CallFlow(self, ids, numbers, line or LineConditions(), next(self._seeds))
        flow.people, flow.tray = people, tray
        flow.after_beep, flow.keys = after_beep or flow.after_beep, list(keys)
        call = PlacedCall(flow, self.clock)
        try:
            yield call
        finally:
            await call.hang_up()

    async def post(self, url: str, fields: dict[str, str]) -> tuple[int, str]:
        """Post a signed webhook. Returns the answer's status and body. `url`: as the server gives it, or a path."""
        assert self._http is not None, "use the peer with `async with`"  # noqa: S101
        http, public = self._http, self._public_url + url if url.startswith("/") else url
        headers = {"X-Twilio-Signature": self._signer.compute_signature(public, fields)} if self._signer else {}
        async with await self._tried(lambda url: http.post(url, data=fields, headers=headers), public) as answer:
            return answer.status, await answer.text()

    async def get(self, url: str) -> tuple[int, bytes]:
        """Fetch what the server gives to be played. Returns the answer's status and body."""
        assert self._http is not None, "use the peer with `async with`"  # noqa: S101
        http = self._http
        async with await self._tried(http.get, url) as answer:
            return answer.status, await answer.read()

    async def open_websocket(self, url: str) -> aiohttp.ClientWebSocketResponse:
        """Open a stream's WebSocket, its handshake signed as Twilio does: the address as in TwiML, no parameters."""
        assert self._http is not None, "use the peer with `async with`"  # noqa: S101
        headers = {"x-twilio-signature": self._signer.compute_signature(url, {})} if self._signer else {}
        http, servers = self._http, (self._media_url, self._url) if self._media_url else ()
        return await self._tried(
            lambda url: http.ws_connect(url, headers=headers, compress=0, max_msg_size=0), url, servers
        )

    async def _tried(self, ask: Callable[[str], Awaitable[Answer]], url: str, servers: Sequence[str] = ()) -> Answer:
        """Ask the server, or the next one where none listens."""
        *servers, last = servers or (self._url, *self._others)
        for server in servers:
            with suppress(aiohttp.ClientConnectorError):
                return await ask(self._reachable(url, server))
        return await ask(self._reachable(url, last))

    def _reachable(self, url: str, server: str) -> str:
        for scheme in ("http", "ws"):
            public = self._public_url.replace("http", scheme, 1)
            if url.startswith(public):
                return server.replace("http", scheme, 1) + url.removeprefix(public)
        return url
