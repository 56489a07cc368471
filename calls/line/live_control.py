"""Reaching into a running call: a web process asks, the process that holds the call listens, by the call's mailbox.

A person who asks is told whether the call's process has done it. The number to dial travels in the message only, and
is kept with the call's end.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import Any, Final, Protocol
from uuid import UUID

from businesses.absence import Absence
from calls import mailbox
from calls.conversation.commands import NextStep
from calls.conversation.events import ReportedEnd
from calls.telephone import reported_ends

logger = logging.getLogger(__name__)

_ASKED: Final = "operator.asked"
_FIRST_RETRY_S: Final = 0.5
_LONGEST_RETRY_S: Final = 4.0
"""A call can't be reached for so long after Redis is back."""


_absence = Absence()
"""Of this process's way to hear what its calls are told."""


class RunningCall(Protocol):
    """What can be told to a call from outside."""

    def operator_asked(self, step: NextStep, dial: str) -> None:
        """A person of the business asked to end the assistant's part."""

    def end_reported(self, report: ReportedEnd, stream_sid: str) -> None:
        """Twilio reported an end; `stream_sid`: of which stream, empty if of the call."""


def ask(call_id: UUID, step: NextStep, *, dial: str = "") -> None:
    """Have the process that holds a call end the assistant's part. Raises `mailbox.NotReached` if none answers."""
    mailbox.ask(call_id, {"type": _ASKED, "step": step.value, "dial": dial})
    logger.info("call %s: a person of the business asked: %s", call_id, step)


async def listen(call_id: UUID, call: RunningCall) -> None:
    """Pass on what a call is told from outside, until cancelled. A layer that is away is tried again."""
    pause_s = _FIRST_RETRY_S

    def is_open() -> None:
        nonlocal pause_s
        pause_s = _FIRST_RETRY_S
        if (away_s := _absence.ends()) is not None:
            logger.warning("Running calls are reachable again after %.1f s", away_s)

    while True:
        try:
            async with aclosing(mailbox.messages(call_id, opened=is_open)) as messages:
                async for message in messages:
                    _pass_on(call, message)
                    await mailbox.answer(message)
        except Exception as error:  # Redis is away: no reason to harm the call
            if _absence.begins():
                logger.warning("Running calls are not reachable for live control (%s)", type(error).__name__)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_RETRY_S)


def _pass_on(call: RunningCall, message: Any) -> None:
    match message["type"]:
        case reported_ends.TYPE:
            call.end_reported(*reported_ends.read(message))
        case _:
            call.operator_asked(NextStep(message["step"]), str(message["dial"]))
