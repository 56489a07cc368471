"""Clients that hold sockets by saying next to nothing ("slowloris"): a byte now and then of a head, or of a body."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

HEAD: Final = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY: Final = (
    b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
)
FILE: Final = BODY.replace(b"/accounts/login/", b"/b/acme/contacts/import/").replace(b"900000", b"60000000")
EVERY_S: Final = 5.0


class SlowClient(asyncio.Protocol):
    """One socket. `answer` is all that came, `is_over` whether the server has ended it."""

    def __init__(self) -> None:
        self.answer = b""
        self.is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what the server says."""
        self.answer += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        self.is_over = True


def held(clients: list[SlowClient]) -> int:
    """Returns how many sockets the server keeps without an answer."""
    return sum(not client.is_over and not client.answer for client in clients)


@asynccontextmanager
async def slow_clients(
    port: int, start: bytes, count: int, address: str = "127.0.0.1"
) -> AsyncIterator[list[SlowClient]]:
    """So many sockets from this address, which send `start` and then drip."""
    loop = asyncio.get_running_loop()
    clients: list[SlowClient] = []
    for _ in range(count):
        _transport, client = await loop.create_connection(SlowClient, "127.0.0.1", port, local_addr=(address, 0))
        clients.append(client)
        client.transport.write(start)
    dripping = loop.create_task(_drip(clients))
    try:
        yield clients
    finally:
        dripping.cancel()
        for client in clients:
            client.transport.abort()


async def _drip(clients: list[SlowClient]) -> None:
    while True:
        await asyncio.sleep(EVERY_S)
        for client in clients:
            if not client.is_over:
                client.transport.write(b"a")
