"""Daphne's HTTP requests, held to the limits of `body_limits.py` before their bodies are read.

Why here and not in ASGI middleware: Daphne calls the application only when it has the whole body, in memory or in a
temporary file (`twisted/web/http.py`, `gotLength` and `requestReceived`; `daphne/http_protocol.py`, `process`). Before
that, Twisted parses forms on the event loop, for nobody. So:

- what is too long by its Content-Length is answered with 413 at once; not a byte of it is read. A body of unknown
  length ("chunked") is counted while it comes, and so are its pieces;
- Twisted's own parsing of forms is off;
- a large body stays in its file, from which the application gets it piece by piece (`large_bodies.py`);
- large bodies that are on their way at the same time are limited, for the process and for each address. They have to
  get on faster than others (`slow_sockets.py`), since few of them find room.
"""

from __future__ import annotations

from http import HTTPStatus
from io import BytesIO
from typing import IO, Any, Final
from urllib.parse import unquote

from daphne.http_protocol import WebRequest
from twisted.internet.defer import Deferred
from twisted.web.http import _MalformedChunkedDataError

from businesses import client_address
from calls.line import waiting
from calls.telephone.twilio import MEDIA_PATH
from frontdesk import body_limits
from frontdesk.room import Room
from frontdesk.slow_sockets import LEAST_RATE

READ_AT_ONCE: Final = 16_384
"""Bytes. What comes in tiny pieces (chunks of one byte, WebSocket frames of none) then takes the event loop a few
milliseconds between two turns, not fifty."""
LARGE: Final = body_limits.FORM
MOST_PIECES: Final = 200
"""Chunks of a body without Content-Length, besides one for every 512 bytes."""
LEAST_RATE_OF_LARGE: Final = 50_000
"""Bytes a second: 60 MB in twenty minutes. Behind nginx, which passes on what it has whole, nobody is that slow."""
LINGER_S: Final = 1.0
"""How long a refused connection stays half open: closed at once, a client that is still sending would get a reset
instead of the answer."""

_uploads = Room(most=4 * body_limits.UPLOAD, most_each=2 * body_limits.UPLOAD)
_webhooks = Room(most=3 * body_limits.METAS, most_each=3 * body_limits.METAS)
"""Bytes of large bodies on their way. Meta's come from few addresses, so those have no limit of their own."""


class LimitedRequest(WebRequest):  # type: ignore[misc]  # Daphne has no types
    """One HTTP request. Its method names are Twisted's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parsePOSTFormSubmission = False  # Django parses forms, after the signature and off the event loop
        self.channel.transport.bufferSize = READ_AT_ONCE
        self.content: IO[bytes] | None
        self.large_body: IO[bytes] | None = None
        self._most = 0
        self._received = self._pieces = 0
        self._is_refused = False
        self._claim: Room.Claim | None = None

    def gotLength(self, length: int | None) -> None:
        """Judge the request by its head: its line and headers have been read, its body has not."""
        path = unquote(self.channel._path.partition(b"?")[0].decode("ascii", "replace"))
        self._most, status = body_limits.limit_of(path, self._header)
        if (length is None and not self._most) or (length or 0) > self._most:
            self._refuse(status)
        elif self._header("upgrade").lower() == "websocket" and path.rstrip("/") != MEDIA_PATH.rstrip("/"):
            self._refuse(404)
        elif (length is None or length > LARGE) and not self._has_room(self._most if length is None else length):
            self._refuse(503)
        elif (
            path.startswith(MEDIA_PATH)
            and not waiting.has_place(self._address())
            and not self._header("x-twilio-signature")
        ):
            self._refuse(403)  # as the consumer would, for a tenth of the work
        else:
            super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        """Take a piece of the body. Beyond the limit: 413. In more pieces than anyone needs: 400."""
        if self._is_refused:
            return
        self._received += len(data)
        self._pieces += 1
        if self._pieces > MOST_PIECES + self._received // 512:
            raise _MalformedChunkedDataError  # Twisted answers, and decodes no further
        if self._received > self._most:
            self._refuse(413)
        else:
            super().handleContentChunk(data)

    def process(self) -> Deferred[None] | None:
        """Hand the request over, now that its body is here."""
        if self._is_refused:
            return None
        if self._received > LARGE:
            self.large_body, self.content = self.content, BytesIO()
        handed_over: Deferred[None] = super().process()
        return handed_over

    @property
    def least_rate(self) -> int:
        """The bytes of the body that must come in a second, on average."""
        return LEAST_RATE if self._claim is None else LEAST_RATE_OF_LARGE

    def time_out(self) -> None:
        """Wait no longer for the rest of the body."""
        if not self._is_refused:
            self._refuse(408)

    def finish(self) -> None:
        """End the request, answered."""
        self._let_go()
        super().finish()

    def connectionLost(self, reason: Any) -> None:
        """End the request, unanswered."""
        self._let_go()
        super().connectionLost(reason)

    def _header(self, name: str) -> str:
        values = self.requestHeaders.getRawHeaders(name)
        return str(values[0]) if values and len(values) == 1 else ""

    def _may_wait(self) -> bool:
        return bool(self._header("x-twilio-signature")) or waiting.has_place(self._address())

    def _address(self) -> str:
        peer = getattr(self.channel.getPeer(), "host", "")
        return client_address.of(str(peer), self._header("x-forwarded-for"))

    def _has_room(self, size: int) -> bool:
        room = _webhooks if self._most == body_limits.METAS else _uploads
        self._claim = room.claim(self._address(), size)
        return self._claim is not None

    def _refuse(self, status: int) -> None:
        """Answer without reading on, and close the connection."""
        self._is_refused = True
        self._let_go()
        self.content = self.content or BytesIO()
        self.requestHeaders.removeHeader(b"Expect")  # otherwise Twisted would now ask for the body
        transport = self.channel.transport
        reason = HTTPStatus(status).phrase
        body = f"{reason}\n"
        again = "Retry-After: 5\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else ""
        transport.write(
            f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\n{again}"
            f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        transport.pauseProducing()
        transport.loseWriteConnection()
        self.channel.callLater(LINGER_S, transport.abortConnection)

    def _let_go(self) -> None:
        if self._claim is not None:
            self._claim.release()
            self._claim = None
        if self.large_body is not None:
            self.large_body.close()
