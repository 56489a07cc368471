"""Daphne's HTTP sockets, each with a time by which it must have got on (slow sockets: "slowloris").

Twisted starts its one time-out anew with every byte that comes, so a byte now and then keeps a socket for ever, and
after an answer to `Connection: close` it has none at all: whoever doesn't read keeps the answer in our memory.

| the socket | ends after |
|---|---|
| brings the head of a request | 10 s, however many bytes come meanwhile |
| brings a body | 20 s, and a second more for each `least_rate` bytes that have come; answer 408 |
| waits for our answer | never: that time is ours |
| takes an answer | 60 s in which it takes less than 60 kB of what is left |
| is kept open after an answer | 75 s |
| has become a WebSocket | `guarded_sockets.py` has it |
"""

# mypy: disable-error-code="no-untyped-call,override"
# Half of Twisted has no types.

from __future__ import annotations

from math import inf
from typing import Any, Final

from daphne.http_protocol import HTTPFactory
from twisted.web.http import HTTPChannel

HEAD_S: Final = 10
BODY_S: Final = 20
IDLE_S: Final = 75
"""As nginx. Longer than the 60 s of common load balancers, which would otherwise meet a socket that is just closing."""
TAKE_S: Final = 60
LEAST_RATE: Final = 1_000
"""Bytes a second: an eighth of the slowest telephone's."""


def unsent(transport: Any) -> int:
    """Returns the bytes that wait in a transport of Twisted's for the other end to take them."""
    return int(len(transport.dataBuffer) - transport.offset + transport._tempDataLen)


class TimedChannel(HTTPChannel):
    """One socket. Its camel-case names are Twisted's; it has Twisted's one timer, set for what the socket does now."""

    _is_kept = False
    _is_lost = False
    _body_began_at: float | None = None
    _body_bytes = 0
    _untaken: float = inf

    def resetTimeout(self) -> None:
        """Hear that bytes have come. Only the first ones of a further request change the time."""
        if self._is_kept and not self._handlingRequest:
            self._is_kept = False
            self.setTimeout(HEAD_S)

    def allHeadersReceived(self) -> None:
        """Go on to the body, if there is one."""
        super().allHeadersReceived()
        if self.length != 0:
            self._body_began_at, self._body_bytes = self._now(), 0
            self.setTimeout(BODY_S)

    def rawDataReceived(self, data: bytes) -> None:
        """Take a piece of the body."""
        if not self._handlingRequest:
            self._body_bytes += len(data)
        super().rawDataReceived(data)

    def allContentReceived(self) -> None:
        """Hand the request over. No time runs until the answer; Twisted then sets the one that is set here."""
        self._body_began_at = None
        self._is_kept = True
        self._untaken = inf
        self.setTimeout(IDLE_S)
        super().allContentReceived()

    def loseConnection(self) -> None:
        """Close the socket once the other end has taken what is left of the answer."""
        super().loseConnection()
        self._body_began_at = None
        if self._abortingCall is None and not self._is_lost:
            self._untaken = inf
            self.setTimeout(TAKE_S)

    def timeoutConnection(self) -> None:
        """End the socket, unless it has got on."""
        if self._body_began_at is not None:
            if (left_s := self._time_for_the_body()) > 0:
                self.setTimeout(left_s)
            else:
                self.requests[-1].time_out()
        elif self._has_taken_enough():
            self.setTimeout(TAKE_S)
        else:
            super().timeoutConnection()

    def connectionLost(self, reason: Any) -> None:
        """Forget the socket."""
        self._is_lost = True
        super().connectionLost(reason)

    def _time_for_the_body(self) -> float:
        """Returns how many seconds there are left for more of it."""
        assert self._body_began_at is not None  # noqa: S101 - for the type checker
        rate: int = self.requests[-1].least_rate
        return self._body_began_at + BODY_S + self._body_bytes / rate - self._now()

    def _has_taken_enough(self) -> bool:
        untaken = unsent(self.transport)
        before, self._untaken = self._untaken, untaken
        return 0 < untaken <= before - TAKE_S * LEAST_RATE

    def _now(self) -> float:
        now: float = self.factory.reactor.seconds()
        return now


class TimedFactory(HTTPFactory):  # type: ignore[misc]  # Daphne has no types
    """Makes Daphne's sockets."""

    protocol = TimedChannel

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.timeOut = HEAD_S
