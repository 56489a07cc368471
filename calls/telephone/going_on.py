"""Going on with a call whose caller is still there: a new stream, in any process.

Its media stream broke, or the caller was put through to somebody and nobody took the call.

What the process of the broken stream still writes is dropped from then on (`calls/records/store.py`).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from businesses import usage
from businesses.models import Business, Limit
from calls.conversation.end_reasons import EndReason, StreamFault
from calls.models import BROWSER, Call, CallStatus
from calls.records import telling
from calls.telephone import stream_tokens

logger = logging.getLogger(__name__)

MOST_STREAMS = 5
"""Of one call: a line that breaks again and again, or a call that kills processes, ends at the fallback."""
BROKE_WITHIN = timedelta(seconds=15)
"""Twilio asks what comes next within a second. Later, an end on record stays one; `records/telling.py` waits longer."""
_PUT_THROUGH = (EndReason.ASSISTANT_TRANSFERRED, EndReason.OPERATOR_TRANSFERRED)
_BREAKS = (StreamFault.CLOSED, StreamFault.UNWRITABLE)
"""Ends that a living process has written, and that may only be the line's."""


def go_on(call: Call, *, now: datetime) -> str | None:
    """Returns the token of a new stream for a call whose stream broke; None if the call has ended."""
    with transaction.atomic():
        row = Call.objects.select_for_update().filter(pk=call.pk).first()
        if row is None or not _may_go_on(row, now=now):
            return None
        logger.warning("call %s: its stream broke, it goes on in stream %d", row.pk, row.stream_number + 2)
        return _open_again(row, now=now)


def come_back(call: Call, *, now: datetime) -> str | None:
    """Returns the token of a new stream for a caller who was put through and whom nobody took; None if none may open.

    Expects the business to be set.
    """
    with transaction.atomic():
        row = Call.objects.select_for_update().filter(pk=call.pk).first()
        if row is None or not _may_come_back(row, now=now):
            return None
        logger.info("call %s: nobody took it, it goes on in stream %d", row.pk, row.stream_number + 2)
        return _open_again(row, now=now)


def ticket_again(call: Call, *, now: datetime) -> str | None:
    """Returns a new token in place of one that Twilio has not used: its answer was lost. None if it was used."""
    with transaction.atomic():
        row = Call.objects.select_for_update().filter(pk=call.pk, status=CallStatus.LIVE).first()
        return stream_tokens.issue(row, now=now) if row and row.stream_token_hash else None


def _open_again(row: Call, *, now: datetime) -> str:
    telling.goes_on(row)
    row.stream_number += 1
    row.status, row.alive_at, row.ended_at = CallStatus.LIVE, now, None
    row.outcome = row.end_reason = row.next_step = row.transfer_number = ""
    row.end_detail, row.summary_due_at = {}, None
    row.save(
        update_fields=[
            "stream_number", "status", "alive_at", "ended_at", "outcome", "end_reason", "next_step", "end_detail",
            "summary_due_at", "transfer_number",
        ]
    )  # fmt: skip
    return stream_tokens.issue(row, now=now)


def _may_come_back(call: Call, *, now: datetime) -> bool:
    business = Business.every.get(pk=call.business_id)  # its minutes as they are after the dialled call
    if call.status != CallStatus.ENDED or call.end_reason not in _PUT_THROUGH or call.stream_opened_at is None:
        return False
    if call.stream_number + 1 >= MOST_STREAMS or not business.is_active:
        return False
    if now >= call.stream_opened_at + timedelta(minutes=business.max_call_minutes):
        return False
    has_minutes = business.minutes_left is None or business.minutes_left > 0
    return has_minutes and not usage.reached(business, Limit.MINUTES, Limit.MONEY, now=now)


def _may_go_on(call: Call, *, now: datetime) -> bool:
    if call.stream_opened_at is None or call.caller_number == BROWSER or call.stream_number + 1 >= MOST_STREAMS:
        return False
    if call.status == CallStatus.LIVE:
        return True
    was_broken = call.end_reason == EndReason.STREAM_BROKE and call.end_detail.get("cause") in _BREAKS
    return was_broken and call.ended_at is not None and call.ended_at >= now - BROKE_WITHIN
