"""What Daphne itself costs: a bare ASGI application that only forwards, with every trick that pays there.

    python -m bench.town.bare_daphne PORT ws://127.0.0.1:9000/v1/realtime

uvloop runs under Twisted, no Channels, one loop for each socket instead of a task for each message, picows to OpenAI.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.town import forwarding

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Model(WSListener):
    """OpenAI's side of a call. What is to be played waits in `playing` for the socket's writer."""

    def __init__(self) -> None:
        self.transport: WSTransport | None = None
        self.stream_sid = b""
        self.playing: asyncio.Queue[str] = asyncio.Queue()
        self._marks = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Keep the connection."""
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Play a delta; configure a new session."""
        if frame.msg_type != WSMsgType.TEXT:
            return
        message = frame.get_payload_as_bytes()
        self._marks += 1
        told = forwarding.played(message, self.stream_sid, self._marks)
        if told is not None:
            for each in told:
                self.playing.put_nowait(each.decode())
        elif b'"session.created"' in message:
            transport.send(WSMsgType.TEXT, forwarding.CONFIGURATION)


async def call(receive: Receive, send: Send, openai: str) -> None:
    """One call, from its handshake to its end."""
    await receive()
    await send({"type": "websocket.accept"})
    model = Model()
    connecting = asyncio.create_task(ws_connect(lambda: model, openai))
    writing = asyncio.create_task(_write(model, send))
    try:
        while (message := await receive())["type"] == "websocket.receive":
            text = message["text"].encode()
            told = forwarding.append(text)
            if told is not None:
                if model.transport is not None:
                    model.transport.send(WSMsgType.TEXT, told)
            elif found := forwarding.stream_sid(text):
                model.stream_sid = found
    finally:
        writing.cancel()
        connecting.cancel()
        if model.transport is not None:
            model.transport.disconnect()


async def _write(model: Model, send: Send) -> None:
    while True:
        await send({"type": "websocket.send", "text": await model.playing.get()})


def main(port: str, openai: str) -> None:
    """Serve until stopped."""
    from twisted.internet import asyncioreactor  # noqa: PLC0415 - before Daphne chooses its own reactor

    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
    from daphne.server import Server  # noqa: PLC0415

    async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await call(receive, send, f"{openai}?model=bare")

    endpoints = [f"tcp:port={port}:interface=127.0.0.1"]
    Server(application, endpoints=endpoints, signal_handlers=False).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
