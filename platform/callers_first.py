"""ASGI middleware: who calls is answered, though the database is not.

Django's threads wait for a database that is frozen, and can't be called back. So the webhooks that a caller waits for
are answered here, from memory, once the database is known to be away; what waits may end whenever it likes, unheard.
"""

from __future__ import annotations

import asyncio
import logging
from io import BytesIO
from typing import Any, Final

from django.core.handlers.asgi import ASGIRequest

from businesses import database_watch
from calls.telephone import from_memory, twilio

logger = logging.getLogger(__name__)

VOICE: Final = "/calls/twilio/voice/"
AFTER: Final = "/calls/twilio/after/"
_LOOK_EVERY_S: Final = 0.1
LONGEST_S: Final = 10.0
"""Twilio waits 15 s. A process that is so busy is as bad for the caller as a database that is away."""

_left_behind: set[asyncio.Task[None]] = set()


class CallersFirst:
    """Wraps the HTTP application."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Run the application, for callers' webhooks only as long as there is hope."""
        if scope["path"] not in {VOICE, AFTER}:
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        if not database_watch.is_away() and (answer := await self._answer(scope, body, receive)) is not None:
            for message in answer:
                await send(message)
        else:
            await _answer_from_memory(scope, body, send)

    async def _answer(self, scope: dict[str, Any], body: bytes, receive: Any) -> list[dict[str, Any]] | None:
        """Returns the application's answer as messages; None if it is not waited for any longer."""
        answer: list[dict[str, Any]] = []
        pieces = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_body() -> dict[str, Any]:
            message: dict[str, Any] = pieces.pop() if pieces else await receive()
            return message

        async def keep(message: dict[str, Any]) -> None:
            answer.append(message)

        running = asyncio.ensure_future(self._app(scope, receive_body, keep))
        give_up_at = asyncio.get_running_loop().time() + LONGEST_S
        while not running.done() and not database_watch.is_away() and asyncio.get_running_loop().time() < give_up_at:
            await asyncio.wait({running}, timeout=_LOOK_EVERY_S)
        if running.done():
            running.result()
            return answer
        _left_behind.add(running)
        running.add_done_callback(_ended)
        return None


def _ended(task: asyncio.Task[None]) -> None:
    _left_behind.discard(task)
    if not task.cancelled() and (error := task.exception()):
        logger.info("A webhook that was answered from memory failed: %s", type(error).__name__)


async def _body(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


async def _answer_from_memory(scope: dict[str, Any], body: bytes, send: Any) -> None:
    request = ASGIRequest(scope, BytesIO(body))
    status, text = 403, "Not signed by Twilio.\n"
    if twilio.signature_is_valid(request):
        # In a thread: what comes after a call is asked of the cache.
        said = await asyncio.to_thread(from_memory.answer, twilio.fields(request), is_after=scope["path"] == AFTER)
        status, text = 200, str(said)
    kind = b"text/xml" if status == 200 else b"text/plain"
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": text.encode()})
