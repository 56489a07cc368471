"""The least that a call can cost in Python: picows and uvloop on both sides; forwards and marks only.

    python -m bench.town.limit PORT ws://127.0.0.1:9000/v1/realtime

No token is asked for, nothing is heard, decided, recorded or kept.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_connect, ws_create_server

from bench.town import forwarding


class Model(WSListener):
    """OpenAI's side of a call: configured, then forwarded to its line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._transport: WSTransport | None = None
        self.marks = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Keep the connection."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Play a delta; configure a new session."""
        if frame.msg_type != WSMsgType.TEXT:
            return
        message = frame.get_payload_as_bytes()
        self.marks += 1
        told = forwarding.played(message, self._line.stream_sid, self.marks)
        if told is not None:
            self._line.play(*told)
        elif b'"session.created"' in message:
            transport.send(WSMsgType.TEXT, forwarding.CONFIGURATION)

    def tell(self, message: bytes) -> None:
        """Send a message."""
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, message)

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.send_close()
            self._transport.disconnect()


class Line(WSListener):
    """Twilio's side of a call."""

    def __init__(self, openai: str) -> None:
        self._openai = openai
        self._model = Model(self)
        self._connecting: asyncio.Task[object] | None = None
        self._transport: WSTransport | None = None
        self.stream_sid = b""

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Connect to OpenAI."""
        self._transport = transport
        self._connecting = asyncio.get_running_loop().create_task(ws_connect(lambda: self._model, self._openai))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Forward audio."""
        if frame.msg_type != WSMsgType.TEXT:
            return
        message = frame.get_payload_as_bytes()
        told = forwarding.append(message)
        if told is not None:
            self._model.tell(told)
        elif found := forwarding.stream_sid(message):
            self.stream_sid = found

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """End the call."""
        self._model.close()

    def play(self, media: bytes, mark: bytes) -> None:
        """Play audio."""
        assert self._transport is not None
        self._transport.send(WSMsgType.TEXT, media)
        self._transport.send(WSMsgType.TEXT, mark)


async def serve(port: int, openai: str) -> None:
    """Serve until stopped."""

    def line(_request: WSUpgradeRequest) -> WSListener:
        return Line(openai)

    server = await ws_create_server(line, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), f"{sys.argv[2]}?model=limit"))
