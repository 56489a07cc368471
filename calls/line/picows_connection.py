"""A connection to OpenAI Realtime by picows: a message costs a tenth of what it does by the package's own library.

No task reads or writes it. The loop gives each frame to `_Listener`, and what is sent goes to the kernel at once.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final

import picows
from django.conf import settings
from picows import WSMsgType
from websockets.uri import get_proxy, parse_uri

from calls import openai_websocket
from calls.line.model_socket import (
    CLOSE_TIMEOUT_S,
    DROP_AFTER_S,
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
from calls.openai_websocket import LARGEST_EVENT

MOST_UNSENT: Final = 1_000_000
"""Bytes: 80 s of a caller's audio and more, more than a line that was stalled brings at once."""
FIRST_BUFFER: Final = 2_048
"""Bytes for what comes, of each connection. It grows with its messages."""
_log = logging.getLogger("picows.openai")
_log.setLevel(logging.ERROR)  # it would tell of every connection, with its address


async def connect(take: Take, lost: Lost) -> ModelSocket:
    """Open a connection; see `model_socket.Connect`."""
    url = openai_websocket.address(settings.OPENAI_REALTIME_MODEL)
    try:
        _transport, listener = await picows.ws_connect(
            lambda *_handshake: _Listener(take, lost),
            url,
            ssl_context=openai_websocket.tls() if openai_websocket.is_secure() else None,
            proxy=get_proxy(parse_uri(url)),
            extra_headers=openai_websocket.headers(),
            max_frame_size=LARGEST_EVENT,
            read_buffer_init_size=FIRST_BUFFER,
            websocket_handshake_timeout=None,  # whoever connects has a time-out
            max_redirects=0,
            logger_name=_log,
        )
    except picows.WSInvalidStatusError as error:
        raise _refused(error) from error
    except picows.WSError as error:
        raise SocketFailed(type(error).__name__) from error
    assert isinstance(listener, _Listener)  # noqa: S101 - for the type checker
    return listener


def _refused(error: picows.WSInvalidStatusError) -> HandshakeRefused:
    assert error.response is not None  # noqa: S101 - for the type checker
    return HandshakeRefused(error.response.status, error.raw_body or b"", error.response.headers)


class _Listener(picows.WSListener):
    """An open connection, and what picows calls when something happens on it."""

    def __init__(self, take: Take, lost: Lost) -> None:
        self._take = take
        self._lost = lost
        self._pieces: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._gone = asyncio.Event()
        self._stuck: asyncio.TimerHandle | None = None
        self._next_ping: asyncio.TimerHandle | None = None
        self._unanswered: asyncio.TimerHandle | None = None

    # For the session -------------------------------------------------------------------------------
    def send(self, text: str) -> None:
        """Send a message. When too much waits to be sent, this connection is lost."""
        self._transport.send(WSMsgType.TEXT, text)
        if self._stuck is not None and self._transport.underlying_transport.get_write_buffer_size() > MOST_UNSENT:
            self._fail(TimeoutError())

    async def close(self) -> None:
        """Close the connection."""
        self._lost = _tell_nobody
        if not self._gone.is_set():
            self._transport.send_close(picows.WSCloseCode.OK)
            with suppress(TimeoutError):
                async with asyncio.timeout(DROP_AFTER_S):
                    await self._gone.wait()
            self._transport.disconnect(graceful=False)
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await self._gone.wait()

    # For picows ------------------------------------------------------------------------------------
    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        """Keep the socket."""
        self._transport = transport
        self._next_ping = self._loop.call_later(PING_EVERY_S, self._ping)

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        """Take a frame. Messages may come in several."""
        kind = frame.msg_type
        if kind in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._take_piece(frame)
        elif kind == WSMsgType.PONG:
            _stop(self._unanswered)
            self._unanswered = None
        elif kind == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def _take_piece(self, frame: picows.WSFrame) -> None:
        piece = frame.get_payload_as_bytes()
        if not frame.fin or self._pieces:
            self._pieces.append(piece)
            if sum(map(len, self._pieces)) > LARGEST_EVENT:
                self._fail(closed(picows.WSCloseCode.MESSAGE_TOO_BIG.value))
                return
            if not frame.fin:
                return
            piece = b"".join(self._pieces)
            self._pieces.clear()
        try:
            self._take(piece)
        except Exception as error:
            self._fail(error)

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        """Tell why the socket is gone, unless that was told or we closed it."""
        self._gone.set()
        for timer in (self._stuck, self._next_ping, self._unanswered):
            _stop(timer)
        end = transport.close_handshake
        self._tell_lost(closed(end.recv.code.value if end and end.recv else None))

    def pause_writing(self) -> None:
        """Hear that the other end takes nothing at the moment."""
        self._stuck = self._loop.call_later(SEND_TIMEOUT_S, self._fail, TimeoutError())

    def resume_writing(self) -> None:
        """Hear that the other end takes what is sent."""
        _stop(self._stuck)
        self._stuck = None

    def _ping(self) -> None:
        """Ask whether the line is alive, unless the last question waits for its answer."""
        self._next_ping = self._loop.call_later(PING_EVERY_S, self._ping)
        if self._unanswered is None:
            self._transport.send_ping()
            self._unanswered = self._loop.call_later(PONG_WITHIN_S, self._fail, SocketFailed(NO_PONG))

    def _fail(self, error: Exception) -> None:
        self._tell_lost(error)
        self._transport.disconnect(graceful=False)

    def _tell_lost(self, error: Exception) -> None:
        lost, self._lost = self._lost, _tell_nobody
        lost(error)


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def _tell_nobody(_: Exception) -> None:
    """Say nothing: the end was told, or wanted."""
