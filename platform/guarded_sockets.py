"""Daphne's WebSockets, with bounds in both directions. The consumer reaches them through `calls.line.media_socket.py`.

Daphne queues every incoming message for the application, however many wait there, and gives every outgoing message to
the transport, however many wait there (github.com/django/daphne/issues/170). So:

- towards us: what waits for the application is limited, then the socket is held: nothing more of it is read or parsed
  until the application has taken what waits. Before the socket is let in that is one message, since what Twilio sends
  right after its `start` must wait for our answer, and not count as a stranger's chatter. Frames are counted, since
  empty fragments and pings cost the event loop as much as messages do;
- from us: the transport tells a registered producer when its buffer is full and when it is empty again.
  `drained` waits for that, and fails when the other end takes nothing.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final

from daphne.ws_protocol import WebSocketProtocol
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from calls.line.socket_bounds import LARGEST_AT_FIRST, SEND_BUFFER, STUCK_S, Frames
from frontdesk.slow_sockets import unsent

LARGE: Final = 16_384
"""Bytes. Only one message of this size waits at a time."""
MOST_WAITING: Final = 16
"""Messages that wait for the application: a third of a second of a telephone line."""
MOST_BEFORE_OPEN: Final = 65_536
"""Bytes that come before the handshake is answered."""
MALFORMED: Final = 4400
"""As `calls/line/stream.py` closes a stream that Twilio can't have sent."""


class GuardedSocket(WebSocketProtocol):  # type: ignore[misc]  # Daphne has no types
    """One WebSocket. Its camel-case names are Autobahn's and Daphne's."""

    _is_deaf = False
    _is_held = False
    _go_on_at = 0

    def onConnect(self, request: Any) -> Any:
        """Set the bounds, then let Daphne ask the application."""
        self.maxMessagePayloadSize, self.maxFramePayloadSize = LARGEST_AT_FIRST, 0
        self.utf8validateIncoming = False  # a byte at a time in Python; `onMessage` decodes the whole at once
        self._frames = Frames()
        self._buffer = _SendBuffer(self.transport)
        self.transport.unregisterProducer()  # the HTTP channel that this was before the upgrade
        self.transport.registerProducer(self._buffer, True)
        self.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        return super().onConnect(request)

    # For the consumer ------------------------------------------------------------------------------
    def let_in(self) -> None:
        """Allow what a running call needs: the socket has shown that it may speak."""
        self._frames.let_in(asyncio.get_running_loop().time())
        self.maxMessagePayloadSize = self._frames.largest

    def taken(self) -> None:
        """Go on, if the messages that waited have been taken."""
        if self._is_held and not self._is_deaf and self.application_queue.qsize() <= self._go_on_at:
            self._is_held = False
            self.consumeData()  # what had been read already; it may bring the next hold
            if not self._is_held and not self._is_deaf:
                self.transport.resumeProducing()

    async def drained(self) -> None:
        """Wait until the other end has taken what was sent. Raises `TimeoutError` if it takes nothing for 5 s."""
        while not self._buffer.is_free.is_set():
            unsent = self._unsent()
            try:
                async with asyncio.timeout(STUCK_S):
                    await self._buffer.is_free.wait()
            except TimeoutError:
                if self._unsent() >= unsent:
                    raise

    def _unsent(self) -> int:
        return unsent(self.transport)

    # From the other end ----------------------------------------------------------------------------
    def dataReceived(self, data: bytes) -> None:
        """Take bytes; before the handshake is answered, only so many."""
        if self.state == self.STATE_CONNECTING and len(self.data) + len(data) > MOST_BEFORE_OPEN:
            self.transport.abortConnection()
        else:
            super().dataReceived(data)

    def processData(self) -> bool:
        """Take one frame, or a part of it, from what has come."""
        if self._is_deaf:
            self.data = b""
            return False
        return not self._is_held and bool(super().processData())

    def onFrameBegin(self) -> None:
        """Count a frame, of whatever kind."""
        if self._frames.is_too_many(asyncio.get_running_loop().time()):
            self.serverClose(MALFORMED)
        super().onFrameBegin()

    def _max_message_size_exceeded(self, *_sizes: Any) -> None:
        """Refuse a message by its announced size (Autobahn's hook for it)."""
        self.serverClose(MALFORMED)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """Queue a message for the application; too many, and the rest waits with the sender."""
        if self._is_deaf:
            return
        try:
            super().onMessage(payload, isBinary)
        except UnicodeDecodeError:
            self.serverClose(MALFORMED)
            return
        is_alone = len(payload) > LARGE or not self._frames.is_let_in
        if is_alone or self.application_queue.qsize() >= MOST_WAITING:
            self._is_held = True
            self._go_on_at = 0 if is_alone else MOST_WAITING // 2
            self.transport.pauseProducing()

    def serverClose(self, code: int | None = None) -> None:
        """Close the socket. After an error nothing more of it is read; it has a second to close its end."""
        super().serverClose(code)
        if code not in {None, 1000} and self.state != self.STATE_CONNECTING:
            self._is_deaf = True
            self.transport.pauseProducing()


@implementer(IPushProducer)
class _SendBuffer:
    """What the transport tells of its buffer: full (more than its `bufferSize` wait to be sent), or empty again."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.is_free = asyncio.Event()
        self.is_free.set()

    def pauseProducing(self) -> None:
        """The buffer is full."""
        self.is_free.clear()

    def resumeProducing(self) -> None:
        """The buffer is empty again."""
        self.is_free.set()
        if self._transport.disconnecting:
            self._transport.unregisterProducer()  # otherwise the transport would wait for more and never close

    def stopProducing(self) -> None:
        """The connection is lost."""
        self.is_free.set()
