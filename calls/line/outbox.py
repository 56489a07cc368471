"""The bounded queue of messages to Twilio, sent in order by its own task. A failure of that task ends the call.

The next message is sent once the socket has taken the last ones, so a slow line makes this queue grow, and not Daphne's
buffers behind it. A line that takes nothing at all for 5 s is dead.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from calls.conversation.end_reasons import StreamFault

logger = logging.getLogger(__name__)

MOST_WAITING: Final = 4_000_000
"""Characters: the base64 of six minutes of speech. A socket that is so far behind is never going to catch up."""


class Outbox:
    """The messages of one media stream. `broken` is called once; afterwards nothing is sent or kept."""

    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        *,
        broken: Callable[[str, StreamFault], None],
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._send = send
        self._broken = broken
        self._most_waiting = most_waiting
        self._waiting = 0
        self._is_broken = False
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write(), name="media stream's writer")

    def put(self, text: str) -> None:
        """Queue a message; returns at once."""
        if self._is_broken:
            return
        self._waiting += len(text)
        if self._waiting > self._most_waiting:
            self._break(f"{self._waiting} characters wait to be sent", StreamFault.SLOW)
        else:
            self._queue.put_nowait(text)

    def close(self) -> None:
        """Stop sending; what still waits is dropped."""
        self._is_broken = True
        self._writer.cancel()

    async def _write(self) -> None:
        try:
            while True:
                text = await self._queue.get()
                await self._send(text)
                self._waiting -= len(text)
        except TimeoutError:
            self._break("the socket takes nothing", StreamFault.SLOW)
        except Exception as error:  # whatever it was: a call whose caller hears nothing must end
            self._break(f"sending failed: {type(error).__name__}", StreamFault.UNWRITABLE)

    def _break(self, reason: str, fault: StreamFault) -> None:
        if self._is_broken:
            return
        self._is_broken = True
        self._queue = asyncio.Queue()  # free what waits
        self._writer.cancel()
        # Later, not now: the conversation's commands are being carried out, and its end must not come among them.
        asyncio.get_running_loop().call_soon(self._broken, reason, fault)
