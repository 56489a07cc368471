"""Connections that are opened in the same moment: the event loop takes few in a turn, and running calls go between.

Defended: the delay of every call of a process (G13, G18).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, cast

import pytest
from twisted.internet import tcp
from twisted.internet.protocol import Factory, Protocol

from frontdesk.few_at_a_time import MOST_IN_A_TURN
from frontdesk.web_server import WebServer

pytestmark = pytest.mark.once
ENDPOINT = "tcp:port=0:interface=127.0.0.1"


class Turns:
    """A reactor that takes its turns when told: as Twisted's do, it calls `doRead` of whatever can be read."""

    def __init__(self) -> None:
        self.readers: set[tcp.Port] = set()

    def addReader(self, reader: tcp.Port) -> None:
        self.readers.add(reader)

    def removeReader(self, reader: tcp.Port) -> None:
        self.readers.discard(reader)

    def removeWriter(self, writer: tcp.Port) -> None:
        """It never writes."""

    def turn(self) -> None:
        ports: list[Any] = [each for each in self.readers if isinstance(each, tcp.Port)]
        for port in ports:
            port.doRead()


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
def taken() -> list[str]:
    """Connections that were handed to Daphne's place, by the ports of their clients."""
    return []


@pytest.fixture
def port(turns: Turns, taken: list[str]) -> Iterator[Any]:
    """A port on which the web server listens."""

    class Counting(Factory):
        def buildProtocol(self, addr: object) -> Protocol:
            taken.append(str(addr))
            return Protocol()

    port: Any = tcp.Port(0, cast("Any", Counting()), interface="127.0.0.1", reactor=turns)
    port.startListening()
    WebServer(None, endpoints=[ENDPOINT]).listen_success(port)
    yield port
    port.connectionLost(None)


def connected(port: Any, number: int, clients: ExitStack) -> None:
    for _ in range(number):
        clients.enter_context(socket.create_connection(("127.0.0.1", port.getHost().port), timeout=5))


def test_of_a_hundred_few_are_taken_in_a_turn(port: Any, turns: Turns, taken: list[str]) -> None:
    with ExitStack() as clients:
        connected(port, 100, clients)
        for turn in range(1, 51):
            turns.turn()
            assert len(taken) == turn * MOST_IN_A_TURN, "however many came in the turns before"


def test_one_that_comes_alone_is_taken_at_once(port: Any, turns: Turns, taken: list[str]) -> None:
    with ExitStack() as clients:
        for number in range(1, 4):
            connected(port, 1, clients)
            turns.turn()
            assert len(taken) == number
