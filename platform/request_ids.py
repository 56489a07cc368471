"""ASGI middleware that gives each request an id: in every JSON line of the log, and in the answer's `X-Request-ID`."""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from typing import Any, Final

HEADER: Final = b"x-request-id"
_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Returns the id of the request for which the code just runs; empty outside of requests."""
    return _current.get()


class RequestIds:
    """Wraps the HTTP application. Ids are ours alone: one that a client sends would put its words into the log."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Run the application with a new id."""
        request_id = secrets.token_hex(8)

        async def send_on(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (HEADER, request_id.encode())]}
            await send(message)

        token = _current.set(request_id)
        try:
            await self._app(scope, receive, send_on)
        finally:
            _current.reset(token)
