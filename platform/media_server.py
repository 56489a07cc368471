"""The server of media streams alone, on picows: `manage.py serve_media`. Pages and webhooks stay with Daphne.

Besides the streams it answers /healthz, /readyz and /metrics. Whatever they say is made by a thread of its own every
few seconds, so that no one who asks keeps the calls waiting.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
import time
from http import HTTPStatus
from typing import Final

import picows
from django.db import close_old_connections

from calls.line.picows_socket import MediaSocket
from calls.line.socket_bounds import LARGEST
from calls.line.stream import refusal
from calls.telephone.twilio import MEDIA_PATH
from frontdesk import health
from frontdesk.few_at_a_time import BACKLOG

logger = logging.getLogger(__name__)

HANDSHAKE_S: Final = 5.0
"""Whoever has not asked for anything by then is closed."""
FIRST_BUFFER: Final = 2_048
"""Bytes for what comes, of each socket. It grows with its messages; Twilio's have 373."""
LOOK_EVERY_S: Final = 2.0
STALE_S: Final = 10.0
"""Who has not been able to look for so long waits for a database that stands still: the process counts as not ready."""
_log = logging.getLogger("picows.media")
_log.setLevel(logging.CRITICAL)  # it tells of every connection, with its address, and of every stranger's mistake


class _Health:
    """What was last found. Written by its thread, read by the loop."""

    def __init__(self) -> None:
        self._ready = (503, _unready("the process has just started"))
        self._looked_at = time.monotonic()
        self.metrics = b""

    @property
    def ready(self) -> tuple[int, bytes]:
        """Status and body of /readyz."""
        if time.monotonic() - self._looked_at > STALE_S:
            return 503, _unready("nothing is known of the process: the database may stand still")
        return self._ready

    def look_again_and_again(self) -> None:
        """Look for as long as the process runs."""
        pause = threading.Event()
        while True:
            try:
                self._ready, self.metrics = health.readiness(), health.exposition()
                self._looked_at = time.monotonic()
            except Exception:
                logger.exception("The state of this process could not be told")
            finally:
                close_old_connections()
            pause.wait(LOOK_EVERY_S)


def _unready(problem: str) -> bytes:
    return json.dumps({"ready": False, "problems": [problem]}).encode()


_health = _Health()


async def listen(listener: socket.socket) -> asyncio.Server:
    """Serve on a bound socket."""
    threading.Thread(target=_health.look_again_and_again, name="health", daemon=True).start()
    return await picows.ws_create_server(
        _answer,
        sock=listener,
        backlog=BACKLOG,
        websocket_handshake_timeout=HANDSHAKE_S,
        max_frame_size=LARGEST,
        read_buffer_init_size=FIRST_BUFFER,
        enable_auto_pong=False,  # pings are counted, as all frames
        logger_name=_log,
    )


def _answer(request: picows.WSUpgradeRequest) -> picows.WSListener | picows.WSUpgradeResponseWithListener | None:
    """Returns the stream of a handshake, or the answer to another request."""
    headers = request.headers
    path = request.path.partition(b"?")[0].decode("latin-1")
    match path:
        case "/healthz":
            return _said(200, b'{"alive": true}')
        case "/readyz":
            return _said(*_health.ready)
        case "/metrics" if health.may_see_metrics(headers.get("Authorization", "")):
            return _said(200, _health.metrics, health.CONTENT_TYPE_OF_METRICS)
    if path != MEDIA_PATH:
        return None
    signature = headers.get("x-twilio-signature")
    if refusal(signature):
        return _said(403, b"")
    return MediaSocket(signature=signature, forwarded_for=headers.get("x-forwarded-for", ""))


def _said(status: int, body: bytes, kind: str = "application/json") -> picows.WSUpgradeResponseWithListener:
    response = picows.WSUpgradeResponse.create_ok_response(body, {"Content-Type": kind})
    response.status = HTTPStatus(status)
    return picows.WSUpgradeResponseWithListener(response, None)
