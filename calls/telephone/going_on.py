"""Going on with a call whose media stream broke while the caller is still there: a new stream, in any process.

What the process of the broken stream still writes is dropped from then on (`calls/records/store.py`).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from calls.conversation.end_reasons import EndReason, StreamFault
from calls.models import BROWSER, Call, CallStatus
from calls.records import telling
from calls.telephone import stream_tokens

logger = logging.getLogger(__name__)

MOST_STREAMS = 5
"""Of one call: a line that breaks again and again, or a call that kills processes, ends at the fallback."""
BROKE_WITHIN = timedelta(seconds=15)
"""Twilio asks what comes next within a second. Later, an end on record stays one; `records/telling.py` waits longer."""
_BREAKS = (StreamFault.CLOSED, StreamFault.UNWRITABLE)
"""Ends that a living process has written, and that may only be the line's."""


def go_on(call: Call, *, now: datetime) -> str | None:
    """Returns the token of a new stream for a call whose stream broke; None if the call has ended."""
    with transaction.atomic():
        row = Call.objects.select_for_update().filter(pk=call.pk).first()
        if row is None or not _may_go_on(row, now=now):
            return None
        telling.goes_on(row)
        row.stream_number += 1
        row.status, row.alive_at, row.ended_at = CallStatus.LIVE, now, None
        row.outcome = row.end_reason = row.next_step = ""
        row.end_detail, row.summary_due_at = {}, None
        row.save(
            update_fields=[
                "stream_number", "status", "alive_at", "ended_at", "outcome", "end_reason", "next_step", "end_detail",
                "summary_due_at",
            ]
        )  # fmt: skip
        logger.warning("call %s: its stream broke, it goes on in stream %d", row.pk, row.stream_number + 1)
        return stream_tokens.issue(row, now=now)


def _may_go_on(call: Call, *, now: datetime) -> bool:
    if call.stream_opened_at is None or call.caller_number == BROWSER or call.stream_number + 1 >= MOST_STREAMS:
        return False
    if call.status == CallStatus.LIVE:
        return True
    was_broken = call.end_reason == EndReason.STREAM_BROKE and call.end_detail.get("cause") in _BREAKS
    return was_broken and call.ended_at is not None and call.ended_at >= now - BROKE_WITHIN
