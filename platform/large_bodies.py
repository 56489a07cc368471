"""ASGI middleware that hands large request bodies to the application piece by piece, from the file they are in.

Daphne would read the whole file into memory at once on the event loop: 60 MB take 100 ms, in which no call goes on.
"""

from __future__ import annotations

import asyncio
from typing import IO, Any, Final

SCOPE_KEY: Final = "frontdesk.large_body"
PIECE: Final = 262_144
"""Bytes."""
PIECE_S: Final = 0.02
"""Between two pieces, so that calls get most of the event loop and of the disk: 60 MB take five seconds."""


class LargeBodies:
    """Wraps the HTTP application. `web_server.py` puts the file of a large body into the scope."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Run the application."""
        body: IO[bytes] | None = scope.get(SCOPE_KEY)
        await self._app(scope, receive if body is None else _Pieces(body, receive).receive, send)


class _Pieces:
    """Receives a body from its file, and everything after it from Daphne."""

    def __init__(self, body: IO[bytes], receive: Any) -> None:
        self._body = body
        self._receive = receive
        self._is_over = False

    async def receive(self) -> dict[str, Any]:
        """Returns the next ASGI message."""
        if self._is_over:
            message: dict[str, Any] = await self._receive()
            return message
        await asyncio.sleep(PIECE_S)
        try:
            piece = await asyncio.to_thread(self._body.read, PIECE)
        except ValueError:  # closed: the client has gone
            return {"type": "http.disconnect"}
        if len(piece) < PIECE:
            self._is_over = True
            await self._receive()  # the empty body that Daphne sends in this one's place
        return {"type": "http.request", "body": piece, "more_body": not self._is_over}
