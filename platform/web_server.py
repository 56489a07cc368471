"""Daphne with bounds: what is ours in the shipped command `daphne frontdesk.asgi:application` and in `manage.py serve`.

Daphne imports the application before it makes its server, so `install`, called by `asgi.py`, is in time. Daphne has no
option for these classes; the four names that it looks them up by are set instead. `tests/attack/` fails if a later
version looks elsewhere.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Any, Final

from daphne import http_protocol, server, ws_protocol
from daphne.cli import CommandLineInterface
from daphne.server import Server

from calls.line.media_socket import SCOPE_KEY as SOCKET
from frontdesk.few_at_a_time import take_few
from frontdesk.guarded_sockets import GuardedSocket
from frontdesk.large_bodies import SCOPE_KEY as LARGE_BODY
from frontdesk.limited_requests import LimitedRequest
from frontdesk.slow_sockets import TimedFactory

_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8


class WebServer(Server):  # type: ignore[misc]  # Daphne has no types
    """Daphne's server, which shows the application the socket or the large body that a scope belongs to."""

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Start the application for one request or socket."""
        if isinstance(protocol, GuardedSocket):
            scope[SOCKET] = protocol
        elif isinstance(protocol, LimitedRequest) and protocol.large_body is not None:
            scope[LARGE_BODY] = protocol.large_body
        return super().create_application(protocol, scope)

    def listen_success(self, port: Any) -> None:
        """Begin to listen."""
        take_few(port)
        super().listen_success(port)


def install() -> None:
    """Make Daphne use our classes, whoever starts it."""
    http_protocol.WebRequest = LimitedRequest
    ws_protocol.WebSocketFactory.protocol = GuardedSocket
    server.HTTPFactory = TimedFactory
    CommandLineInterface.server_class = WebServer
    _give_memory_back()


def _give_memory_back() -> None:
    """Make glibc give large buffers back to the system, and keep two heaps instead of eight for each core.

    Every request has a thread of its own, and each heap keeps what its largest request needed. Where there is no
    glibc, nothing is changed.
    """
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_THRESHOLD, 131_072)
        libc.mallopt(_ARENA_MAX, 2)
