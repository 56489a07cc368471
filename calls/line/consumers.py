"""The Channels edge of a media stream, behind Daphne."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from businesses import client_address
from calls.line import realtime_connection
from calls.line.media_socket import socket_of
from calls.line.outbox import Outbox
from calls.line.stream import REFUSED, MediaStream, refusal

logger = logging.getLogger(__name__)


class TwilioMediaConsumer(AsyncWebsocketConsumer):
    """One media stream."""

    # The media path has no use for a channel layer: an alias that isn't configured means none.
    channel_layer_alias = "none for media streams"

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle one ASGI message.

        Channels' own `dispatch` closes old database connections in a thread for *every* message: fifty thread
        hops a second for each call. The one query of a stream looks after its connection itself.
        """
        handler: Callable[[dict[str, Any]], Awaitable[None]] = getattr(self, message["type"].replace(".", "_"))
        await handler(message)
        self._socket.taken()

    async def connect(self) -> None:
        """Accept the socket, unless it carries a signature that isn't Twilio's or there is no room."""
        self._socket = socket_of(self.scope)
        self._outbox: Outbox | None = None  # from the moment that the socket is accepted
        self._stream = MediaStream(_Phone(self), connect=realtime_connection.connect)
        headers = {name: value.decode("latin-1") for name, value in self.scope["headers"]}
        signature = headers.get(b"x-twilio-signature")
        peer, *_port = self.scope.get("client") or ("",)
        address = client_address.of(peer, headers.get(b"x-forwarded-for", ""))
        if refusal(signature) or not self._stream.opened(signature=signature, address=address):
            await self.close(REFUSED)
            return
        self._outbox = Outbox(self._send_text, broken=self._stream.broken)
        await self.accept()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take one message of Twilio's."""
        self._stream.take(text_data)

    async def disconnect(self, code: int) -> None:
        """End the call, whoever closed the socket."""
        try:
            await self._stream.closed(code)
        finally:
            if self._outbox is not None:
                self._outbox.close()

    async def _send_text(self, text: str) -> None:
        await self.send(text_data=text)
        await self._socket.drained()


class _Phone:
    """The stream's way to its socket (`stream.PhoneSocket`)."""

    def __init__(self, consumer: TwilioMediaConsumer) -> None:
        self._consumer = consumer

    def let_in(self) -> None:
        """Allow what a running call needs."""
        self._consumer._socket.let_in()

    def send(self, text: str) -> None:
        """Queue a message."""
        assert self._consumer._outbox is not None  # noqa: S101 - nothing is sent before the socket is accepted
        self._consumer._outbox.put(text)

    def close(self, code: int) -> None:
        """Close the socket."""
        task = asyncio.get_running_loop().create_task(self._consumer.close(code))
        _closing.add(task)
        task.add_done_callback(_closed)


_closing: set[asyncio.Task[None]] = set()


def _closed(task: asyncio.Task[None]) -> None:
    _closing.discard(task)
    if not task.cancelled() and (error := task.exception()):  # the socket was gone already
        logger.info("Closing a media stream failed: %s", type(error).__name__)
