"""What waits for a media stream's socket is bounded, and a socket that takes nothing ends the call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from calls.conversation.end_reasons import StreamFault
from calls.line.outbox import Outbox

pytestmark = [pytest.mark.asyncio, pytest.mark.once]


class Call:
    """Counts how often, and why, the stream was said to be broken."""

    def __init__(self, send: Callable[[str], Awaitable[None]], *, most_waiting: int = 100) -> None:
        self.broken: list[tuple[str, StreamFault]] = []
        self.outbox = Outbox(
            send, broken=lambda reason, fault: self.broken.append((reason, fault)), most_waiting=most_waiting
        )


async def turn() -> None:
    """Let the tasks run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_messages_are_sent_in_order_however_many() -> None:
    sent: list[str] = []

    async def send(text: str) -> None:
        sent.append(text)

    call = Call(send)
    for number in range(50):
        call.outbox.put(f"{number:10}")
        await turn()
    assert [int(text) for text in sent] == list(range(50))
    assert call.broken == []
    call.outbox.close()


async def test_a_socket_that_takes_nothing_ends_the_call_once_and_keeps_nothing() -> None:
    stuck = asyncio.Event()
    taken: list[str] = []

    async def send(text: str) -> None:
        taken.append(text)
        await stuck.wait()

    call = Call(send)
    for _ in range(30):
        call.outbox.put("x" * 10)
    assert call.broken == [], "never in the middle of what queues the message"
    await turn()
    assert call.broken == [("110 characters wait to be sent", StreamFault.SLOW)]
    stuck.set()
    call.outbox.put("more")
    await turn()
    assert (len(taken), len(call.broken)) == (0, 1)
    call.outbox.close()


async def test_a_writer_that_dies_ends_the_call() -> None:
    async def send(_text: str) -> None:
        raise ConnectionResetError

    call = Call(send)
    call.outbox.put("one")
    call.outbox.put("two")
    await turn()
    assert call.broken == [("sending failed: ConnectionResetError", StreamFault.UNWRITABLE)]


async def test_a_closed_outbox_is_not_broken() -> None:
    stuck = asyncio.Event()

    async def send(_text: str) -> None:
        await stuck.wait()

    call = Call(send)
    call.outbox.put("one")
    await turn()
    call.outbox.close()
    for _ in range(30):
        call.outbox.put("x" * 10)
    await turn()
    assert call.broken == []
