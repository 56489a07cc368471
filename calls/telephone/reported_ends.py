"""What Twilio reports of a call's end, from the webhook's process to the one that holds the call.

That one ends the call and its OpenAI session, though the call's own stream has not said a word.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from calls import mailbox
from calls.conversation.events import ReportedEnd

logger = logging.getLogger(__name__)

TYPE: Final = "end.reported"
STREAM_EVENTS: Final = {"stream-stopped": ReportedEnd.STREAM_STOPPED, "stream-error": ReportedEnd.STREAM_ERROR}
"""Of Twilio's `StreamEvent`s, those after which nothing comes."""


def report(call_id: UUID, end: ReportedEnd, *, stream_sid: str = "") -> None:
    """Tell the process that holds a call, if one does. Unreachable, it will notice that nothing comes any more."""
    try:
        mailbox.send(call_id, {"type": TYPE, "report": end.value, "stream_sid": stream_sid})
    except mailbox.NotReached as error:
        logger.warning("call %s: its process was not told that Twilio reports %s: %s", call_id, end, error)


def read(message: Mapping[str, Any]) -> tuple[ReportedEnd, str]:
    """Returns what a message reports, and of which stream."""
    return ReportedEnd(message["report"]), str(message["stream_sid"])
