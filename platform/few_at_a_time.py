"""New connections, few in each turn of the event loop; the rest wait in the kernel.

Twisted takes as many connections in a turn as there are, up to a hundred and more. What each of them asks for is then
answered in the next turn, between two frames of every running call: a WebSocket's handshake takes about a millisecond,
so a hundred of them, opened in the same moment, hold up all calls for a tenth of a second. Taken few at a time, they
take as long altogether, and the calls' frames go between them. A connection that comes alone is taken at once.
"""

from __future__ import annotations

import socket
from typing import Any, Final

MOST_IN_A_TURN: Final = 2
BACKLOG: Final = 1_024
"""Connections that may wait in the kernel. Daphne asks for 50; one that finds no place tries again after a second."""


def take_few(port: Any) -> None:
    """Make a listening port of Twisted's take few connections in a turn, and let more of them wait."""
    take = port.doRead

    def take_a_few() -> Any:
        port.numberAccepts = MOST_IN_A_TURN  # it grows and shrinks with what came the last time
        return take()

    port.doRead = take_a_few
    listener: socket.socket = port.socket
    listener.listen(BACKLOG)
