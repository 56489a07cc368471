"""The picows edge of a media stream (`manage.py serve_media`).

No task and no queue stands between the socket and the call: the loop gives each frame to `MediaSocket`, and what the
call sends goes to the kernel at once. What the kernel doesn't take waits in the transport, within bounds.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Final, cast

import picows
from picows import WSMsgType

from businesses import client_address
from calls.conversation.end_reasons import StreamFault
from calls.line import picows_connection
from calls.line.outbox import MOST_WAITING
from calls.line.socket_bounds import SEND_BUFFER, STUCK_S, Frames
from calls.line.stream import ENDED, MALFORMED, REFUSED, MediaStream

logger = logging.getLogger(__name__)

CLOSE_S: Final = 1.0
"""The other end has so long to close its side."""
NO_CODE: Final = 1006
"""The WebSocket code of a connection that ended without one."""

_ending: set[asyncio.Task[None]] = set()


class MediaSocket(picows.WSListener):
    """One media stream's socket: what picows calls, and the stream's way to it (`stream.PhoneSocket`)."""

    def __init__(self, *, signature: str | None, forwarded_for: str) -> None:
        self._signature = signature
        self._forwarded_for = forwarded_for
        self._loop = asyncio.get_running_loop()
        self._frames = Frames()
        self._pieces: list[bytes] = []
        self._is_deaf = False
        self._stuck: asyncio.TimerHandle | None = None
        self._unsent = 0

    # For the stream --------------------------------------------------------------------------------
    def let_in(self) -> None:
        """Allow what a running call needs."""
        self._frames.let_in(self._loop.time())

    def send(self, text: str) -> None:
        """Send a message, or let it wait behind those that the other end has not taken yet."""
        self._transport.send(WSMsgType.TEXT, text)
        if self._stuck is not None and self._waiting() > MOST_WAITING:
            self._break(f"{self._waiting()} bytes wait to be sent")

    def close(self, code: int) -> None:
        """Close the socket once what was queued is sent. Nothing more of it is read after an error."""
        if not self._transport.is_disconnected:
            self._transport.send_close(cast("picows.WSCloseCode", code))  # its type knows none of ours
            self._loop.call_later(CLOSE_S, self._drop)
            if code != ENDED and not self._is_deaf:
                self._is_deaf = True
                self._transport.underlying_transport.pause_reading()

    # For picows ------------------------------------------------------------------------------------
    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        """Begin a stream."""
        self._transport = transport
        under = transport.underlying_transport
        under.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._stream = MediaStream(self, connect=picows_connection.connect)
        peer, *_port = under.get_extra_info("peername") or ("",)
        address = client_address.of(peer, self._forwarded_for)
        if not self._stream.opened(signature=self._signature, address=address):
            self.close(REFUSED)

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        """Take a frame, of whatever kind."""
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif self._is_deaf:
            pass
        elif self._frames.is_too_many(self._loop.time()) or frame.rsv1 or frame.rsv2 or frame.rsv3:
            self.close(MALFORMED)
        elif kind == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif kind != WSMsgType.PONG:
            self._take_piece(frame)

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        """End the stream's call."""
        self.resume_writing()
        end = transport.close_handshake
        code = end.recv.code.value if end and end.recv else NO_CODE
        task = self._loop.create_task(self._stream.closed(code), name="end of a media stream")
        _ending.add(task)
        task.add_done_callback(_ended)

    def pause_writing(self) -> None:
        """Hear that the other end takes less than is sent."""
        self._unsent = self._waiting()
        self._stuck = self._loop.call_later(STUCK_S, self._look_whether_it_takes)

    def resume_writing(self) -> None:
        """Hear that the other end has taken what waited."""
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _take_piece(self, frame: picows.WSFrame) -> None:
        """Take a message, or a part of one."""
        if frame.fin and not self._pieces and frame.payload_size <= self._frames.largest:
            if frame.msg_type == WSMsgType.TEXT:
                self._take(frame.get_payload_as_bytes())
            else:
                self._stream.take(None)
            return
        is_first = not self._pieces
        if is_first == (frame.msg_type == WSMsgType.CONTINUATION):
            self.close(MALFORMED)
            return
        self._pieces.append(frame.get_payload_as_bytes())
        if sum(map(len, self._pieces)) > self._frames.largest:
            self.close(MALFORMED)
        elif frame.fin:
            message = b"".join(self._pieces)
            self._pieces.clear()
            self._take(message)

    def _take(self, message: bytes) -> None:
        try:
            text = message.decode()
        except UnicodeDecodeError:
            self.close(MALFORMED)
            return
        self._stream.take(text)

    def _waiting(self) -> int:
        return self._transport.underlying_transport.get_write_buffer_size()

    def _look_whether_it_takes(self) -> None:
        before, self._unsent = self._unsent, self._waiting()
        if self._unsent >= before:
            self._break("the socket takes nothing")
        else:
            self._stuck = self._loop.call_later(STUCK_S, self._look_whether_it_takes)

    def _break(self, reason: str) -> None:
        # Later, not now: the conversation's commands are being carried out, and its end must not come among them.
        self._is_deaf = True
        self.resume_writing()
        self._loop.call_soon(self._stream.broken, reason, StreamFault.SLOW)

    def _drop(self) -> None:
        if not self._transport.is_disconnected:
            self._transport.disconnect(graceful=False)


def _ended(task: asyncio.Task[None]) -> None:
    _ending.discard(task)
    if not task.cancelled() and (error := task.exception()):
        logger.error("A media stream did not end as it should", exc_info=error)
