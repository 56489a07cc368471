"""Tells a business's own systems that a call has ended.

A call whose stream broke, or whose caller was put through, may go on in another stream (`telephone/going_on.py`), and a
first guess of how it ended is replaced by the word of its process. So it is told later, and then as it is on record.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from businesses.happenings import Happening, happened, taken_back
from calls.conversation.end_reasons import EndReason
from calls.models import BROWSER, Call, NextStep

SETTLED_AFTER: Final = timedelta(seconds=3)
"""The last turns are written by then, and whoever knows best how it ended has said so."""
GOES_ON_WITHIN: Final = timedelta(seconds=20)
"""More than `going_on.BROKE_WITHIN`."""
COMES_BACK_WITHIN: Final = timedelta(minutes=2)
"""A caller who was put through and whom nobody took is back with the assistant by then."""


def ended(call: Call) -> None:
    """Have it told that the call has ended. Call it in the transaction that ends it."""
    happened(
        call.business,
        Happening.CALL_ENDED,
        data_of(call),
        now=call.ended_at or call.started_at,
        key=_key(call),
        wait=_may_go_on_for(call) or SETTLED_AFTER,
    )


def _may_go_on_for(call: Call) -> timedelta | None:
    if call.next_step == NextStep.TRANSFER:
        return COMES_BACK_WITHIN
    return GOES_ON_WITHIN if call.end_reason == EndReason.STREAM_BROKE else None


def goes_on(call: Call) -> None:
    """The call goes on in another stream: the end of this one is not told."""
    taken_back(call.business, Happening.CALL_ENDED, _key(call))


def data_of(call: Call) -> dict[str, Any]:
    """Returns what is told of a call: who called, when, and how it ended."""
    lasted = call.ended_at - call.stream_opened_at if call.ended_at and call.stream_opened_at else None
    return {
        "id": str(call.pk),
        "caller": call.caller_number if call.caller_number.startswith("+") else None,
        "called": call.called_number or None,
        "is_trial": call.caller_number == BROWSER,
        "started_at": call.started_at.isoformat(),
        "ended_at": call.ended_at.isoformat() if call.ended_at else None,
        "seconds": max(round(lasted.total_seconds()), 0) if lasted else 0,
        "outcome": call.outcome or None,
        "end_reason": call.end_reason or None,
    }


def summary_of(call: Call) -> dict[str, Any]:
    """Returns what is told of a call once it is known what it was about."""
    return {**data_of(call), **about(call)}


def about(call: Call) -> dict[str, Any]:
    """Returns what a call was about, for other systems."""
    return {
        "summary": call.summary,
        "summary_source": call.summary_source or None,
        "wishes": call.wishes.splitlines(),
        "follow_ups": [{"what": each["what"], "when": each["when"] or None} for each in call.follow_ups],
        "sentiment": call.sentiment,
    }


def _key(call: Call) -> str:
    return f"{call.pk}/{call.stream_number}"
