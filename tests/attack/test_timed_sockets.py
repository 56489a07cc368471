"""The times that Daphne's HTTP sockets have, in virtual time: what is slow ends, what gets on does not (G13).

Defended: the files and the memory of a process. `test_slow_sockets.py` tries the same with real sockets.
"""

# mypy: disable-error-code="no-untyped-call"
# Half of Twisted has no types.

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.http import Request

from frontdesk.slow_sockets import BODY_S, HEAD_S, IDLE_S, TAKE_S, TimedFactory

pytestmark = [pytest.mark.once, pytest.mark.pure]

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
RATE = 50_000
STUCK_S = 15
"""What Twisted waits for an orderly end."""


class Transport(StringTransport):
    """A connection whose other end takes nothing but what `take` takes. `ended` says how it ended."""

    channel: Any
    ended = ""
    offset = 0
    dataBuffer = b""
    _tempDataLen = 0

    def write(self, data: bytes) -> None:
        super().write(data)
        self._tempDataLen += len(data)

    def unregisterProducer(self) -> None:
        self.producer = None  # twice, too, as a real one

    def take(self, count: int) -> None:
        self._tempDataLen = max(0, self._tempDataLen - count)
        if self.disconnecting and not self._tempDataLen:
            self.end("closed")

    def end(self, how: str) -> None:
        if not self.ended:
            self.ended = how
            self.channel.connectionLost(Failure(ConnectionDone()))

    def loseConnection(self) -> None:
        super().loseConnection()
        self.take(0)

    def abortConnection(self) -> None:
        self.end("aborted")


class Answering(Request):
    """A request that the test answers."""

    least_rate = RATE
    timed_out = False

    def process(self) -> None:
        """Wait for the test."""

    def time_out(self) -> None:
        self.timed_out = True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def channel(clock: Clock) -> Any:
    factory = TimedFactory(None)
    factory.reactor = clock
    channel: Any = factory.buildProtocol(None)
    channel.requestFactory = Answering
    transport = Transport()
    transport.channel = channel
    channel.makeConnection(transport)
    return channel


def wait(clock: Clock, seconds: float) -> None:
    clock.pump([0.5] * round(seconds * 2))


def answer(channel: Any, size: int = 10) -> None:
    request = channel.requests[0]
    request.setHeader("Content-Length", str(size))
    request.write(bytes(size))
    request.finish()


@pytest.mark.parametrize("start", [b"", b"G", GET])
def test_a_head_has_its_time_however_it_drips(channel: Any, clock: Clock, start: bytes) -> None:
    channel.dataReceived(start)
    for _ in range(HEAD_S - 1):
        wait(clock, 1)
        channel.dataReceived(b"a")
        assert not channel.transport.ended
    wait(clock, 1)
    assert channel.transport.ended == "closed"


def test_a_body_that_drips_is_timed_out(channel: Any, clock: Clock) -> None:
    channel.dataReceived(POST)
    (request,) = channel.requests
    for _ in range(BODY_S):
        assert not request.timed_out
        channel.dataReceived(b"a")
        wait(clock, 1)
    wait(clock, 1)
    assert request.timed_out


def test_a_body_that_gets_on_has_all_the_time_it_needs(channel: Any, clock: Clock) -> None:
    channel.dataReceived(POST)
    (request,) = channel.requests
    for _ in range(5):
        channel.dataReceived(bytes(4 * RATE - 1))
        wait(clock, 4)
    assert not request.timed_out
    wait(clock, BODY_S - 2)
    assert not request.timed_out, "what came ahead of its time counts for a pause"
    wait(clock, 3)
    assert request.timed_out


def test_our_own_work_is_not_timed(channel: Any, clock: Clock) -> None:
    channel.dataReceived(GET + b"\r\n")
    wait(clock, 3_600)
    assert not channel.transport.ended
    answer(channel)
    channel.transport.take(1_000)
    wait(clock, IDLE_S - 1)
    assert not channel.transport.ended
    wait(clock, 2)
    assert channel.transport.ended == "closed"


def test_the_next_request_of_a_kept_socket_has_the_time_of_a_head(channel: Any, clock: Clock) -> None:
    channel.dataReceived(GET + b"\r\n")
    answer(channel)
    channel.transport.take(1_000)
    wait(clock, IDLE_S - 5)
    for _ in range(HEAD_S - 1):
        channel.dataReceived(b"G")
        wait(clock, 1)
        assert not channel.transport.ended
    wait(clock, 2)
    assert channel.transport.ended == "closed"


@pytest.mark.parametrize("header", [b"", b"Connection: close\r\n"])
def test_whoever_takes_nothing_of_an_answer_is_cut_off(channel: Any, clock: Clock, header: bytes) -> None:
    channel.dataReceived(GET + header + b"\r\n")
    answer(channel, 10_000_000)
    wait(clock, IDLE_S + TAKE_S + STUCK_S + 1)
    assert channel.transport.ended == "aborted"


@pytest.mark.parametrize("header", [b"", b"Connection: close\r\n"])
def test_whoever_takes_an_answer_slowly_gets_it_whole(channel: Any, clock: Clock, header: bytes) -> None:
    channel.dataReceived(GET + header + b"\r\n")
    answer(channel, 1_000_000)
    for _ in range(900):
        channel.transport.take(1_100)
        wait(clock, 1)
        assert not channel.transport.ended
    channel.transport.take(100_000)
    wait(clock, IDLE_S + 1)
    assert channel.transport.ended == "closed"
