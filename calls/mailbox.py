"""A running call's mailbox in the channel layer: any process may write, the process that holds the call reads.

Within one process by the in-memory layer, across processes by Redis. What is sent may get lost, and the call goes on.
What is asked is answered by the call's process once it was passed on, so that who asked knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

LONGEST_WAY_S: Final = 3.0
"""A webhook has 15 s, and a person who pressed a button less patience."""
_ASK_AGAIN_S: Final = 0.8
"""The call's process may just be opening its mailbox again, after Redis was away."""
_CANCEL_AGAIN_S: Final = 0.5
_ANSWER_TO: Final = "answer_to"


class NotReached(Exception):
    """The channel layer (Redis) is away, or the process that holds the call has not answered."""


def send(call_id: UUID, message: Mapping[str, str]) -> None:
    """Write to the process that holds a call, if one does. Raises `NotReached`."""
    try:
        async_to_sync(_send)(call_id, {**message})
    except Exception as error:  # each layer has its own errors, and a full mailbox is one of them
        raise NotReached(type(error).__name__) from error


def ask(call_id: UUID, message: Mapping[str, str]) -> None:
    """Write to the process that holds a call, and wait until it has passed the message on. Raises `NotReached`.

    The message may arrive twice, so it must be one that changes nothing the second time.
    """
    try:
        async_to_sync(_ask)(call_id, {**message})
    except Exception as error:  # as above; a `TimeoutError` if no process answered
        raise NotReached(type(error).__name__) from error


async def answer(message: Mapping[str, Any]) -> None:
    """Tell who asked that a message was passed on. Does nothing for one that was only sent."""
    if asking := message.get(_ANSWER_TO):
        layer: Any = get_channel_layer()
        await layer.send(str(asking), {"type": "passed.on"})


async def _send(call_id: UUID, message: dict[str, str]) -> None:
    layer: Any = get_channel_layer()
    async with asyncio.timeout(LONGEST_WAY_S):
        await layer.group_send(_group(call_id), message)


async def _ask(call_id: UUID, message: dict[str, str]) -> None:
    layer: Any = get_channel_layer()
    async with asyncio.timeout(LONGEST_WAY_S):
        channel = await layer.new_channel()
        answered = asyncio.ensure_future(layer.receive(channel))
        try:
            while not answered.done():
                await layer.group_send(_group(call_id), {**message, _ANSWER_TO: channel})
                await asyncio.wait([answered], timeout=_ASK_AGAIN_S)
            answered.result()
        finally:
            await stop(answered)
            _forget(layer, channel)


async def messages(call_id: UUID, *, opened: Callable[[], None]) -> AsyncGenerator[Mapping[str, Any]]:
    """Yields what is written to a call, until the layer fails, with an error of its own.

    `opened` is told once messages arrive.
    """
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(_group(call_id), channel)
    opened()
    try:
        while True:
            yield await layer.receive(channel)
    finally:
        _forget(layer, channel)
        await layer.group_discard(_group(call_id), channel)


async def stop(reading: asyncio.Future[Any]) -> None:
    """Cancel a task that reads from the layer, and wait until it has ended.

    Once is not enough: redis-py and channels-redis lose a cancellation that comes at the moment when what they wait for
    is there (a connection, the lock of all who read), and the task would read on for ever.
    """
    while not reading.done():
        reading.cancel()
        await asyncio.wait([reading], timeout=_CANCEL_AGAIN_S)


def _forget(layer: Any, channel: str) -> None:
    """Drop a channel's queue: channels-redis keeps it if the reader was cancelled while it waited for Redis."""
    getattr(layer, "receive_buffer", {}).pop(channel, None)


def _group(call_id: UUID) -> str:
    return f"call.{call_id.hex}"
