"""Reaching into a running call: a web process asks, the process that holds the call listens, by the channel layer.

Within one process by the in-memory layer, across processes by Redis. Losing a message harms nothing: the call goes on,
and the person sees that it does. The number to dial travels in the message only, and is kept with the call's end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from calls.conversation.commands import NextStep

logger = logging.getLogger(__name__)

_FIRST_RETRY_S: Final = 0.5
_LONGEST_RETRY_S: Final = 15.0


class NotReached(Exception):
    """The message could not be sent: the channel layer (Redis) is away."""


def ask(call_id: UUID, step: NextStep, *, dial: str = "") -> None:
    """Ask the process that holds a call to end the assistant's part. Raises `NotReached`."""
    layer: Any = get_channel_layer()
    message = {"type": "operator.asked", "step": step.value, "dial": dial}
    try:
        async_to_sync(layer.group_send)(_group(call_id), message)
    except Exception as error:  # each layer has its own errors, and a full mailbox is one of them
        raise NotReached(type(error).__name__) from error
    logger.info("call %s: a person of the business asked: %s", call_id, step)


async def listen(call_id: UUID, tell: Callable[[NextStep, str], None]) -> None:
    """Pass on what people of the business ask of a call, until cancelled. A layer that is away is tried again."""
    pause_s = _FIRST_RETRY_S
    while True:
        try:
            await _listen(call_id, tell)
        except Exception as error:  # Redis is away: no reason to harm the call
            logger.warning("call %s: not reachable for live control: %s", call_id, type(error).__name__)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_RETRY_S)


async def _listen(call_id: UUID, tell: Callable[[NextStep, str], None]) -> None:
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(_group(call_id), channel)
    try:
        while True:
            message = await layer.receive(channel)
            tell(NextStep(message["step"]), str(message["dial"]))
    finally:
        await layer.group_discard(_group(call_id), channel)


def _group(call_id: UUID) -> str:
    return f"call.{call_id.hex}"
