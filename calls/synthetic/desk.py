"""The hidden business that is called, with its number and its greeting; and what a call to it leaves, removed."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from businesses.hidden import HIDDEN_ID
from businesses.models import Business, Language, PhoneNumber
from businesses.tenancy import acting_for
from calls.greetings import recordings
from calls.models import Call, CallStatus, GreetingState

_SLUG = "-synthetic-call-"
"""No business that people name can have it (`validate_business_slug`)."""
_NAME = "Synthetic call"
_GREETING = "Hello, this is a test call. How can I help you?"
_INSTRUCTIONS = (
    "This is a short test of the telephone. Whatever you are asked, answer in one go and in at least four full "
    "sentences: you are open from Sunday to Thursday from eight in the morning to six in the evening, on Friday from "
    "eight to noon, on Saturday and on holidays the desk is closed, and appointments can be made by telephone."
)
_RECORDED_WITHIN_S: Final = 20.0
_OVER_AFTER: Final = timedelta(minutes=5)
"""A call lasts a minute at most: an older one is of a process that was killed."""
_HOURS = "Sunday to Thursday from 8 to 18, Friday from 8 to 12, Saturday closed."


@dataclass(frozen=True, slots=True)
class Desk:
    """`greeting`: as callers hear it (µ-law); b"" if it could not be recorded."""

    number: str
    greeting: bytes


def ready(*, now: datetime) -> Desk:
    """Returns the business's number and greeting; made and recorded where they are missing."""
    business = _business()
    number, _made = PhoneNumber.every.get_or_create(
        business=business,
        # No telephone has such a number, and nobody can guess it: a stranger who dials it by SIP would cost money.
        defaults={"number": f"try-{secrets.token_hex(6)}"},
    )
    with acting_for(business):
        _record_greeting(business, now=now)
        return Desk(number.number, recordings.current_audio(business, now=now))


def _record_greeting(business: Business, *, now: datetime) -> None:
    """Have the greeting recorded, also after all earlier tries have failed. The sweep may be at it already."""
    row = recordings.request(business, now=now)
    if row is None or row.rendered_at:
        return
    if row.state == GreetingState.FAILED:
        recordings.request_again(row, now=now)
    recordings.render(row.pk, now=now)
    give_up_at = time.monotonic() + _RECORDED_WITHIN_S
    while time.monotonic() < give_up_at:
        row.refresh_from_db(fields=["state", "rendered_at"])
        if row.state != GreetingState.PENDING:
            return
        time.sleep(0.5)


def clear_away(*, now: datetime) -> bool:
    """Remove the calls to it that are over, with all that was kept of them. Returns whether none is left."""
    business = Business.every.filter(pk=HIDDEN_ID).first()
    if business is None:
        return True
    with acting_for(business):
        Call.objects.filter(Q(status=CallStatus.ENDED) | Q(started_at__lt=now - _OVER_AFTER)).delete()
        return not Call.objects.exists()


def _business() -> Business:
    wanted = {
        "slug": _SLUG,
        "name": _NAME,
        "language": Language.ENGLISH,
        "greeting_text": _GREETING,
        "instructions": _INSTRUCTIONS,
        "opening_hours": _HOURS,
        "time_zone": "UTC",
        "max_concurrent_calls": 1,
        "max_call_minutes": 1,
        "record_calls": False,
    }
    business, _made = Business.every.update_or_create(pk=HIDDEN_ID, defaults=wanted)
    return business
