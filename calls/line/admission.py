"""Letting a media stream in: its token is claimed, the call goes live, and its plan is read."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.conf import settings

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason
from calls.errors import StreamRefused
from calls.greetings import recordings
from calls.models import Call, CallStatus
from calls.plan import CallPlan, conversation_settings, plan_of
from calls.records import finishing
from calls.telephone import stream_tokens


def open_stream(*, token: str, call_sid: str, stream_sid: str, now: datetime) -> CallPlan:
    """Claim a call's stream and return its plan; the call is live afterwards.

    Raises:
        StreamRefused: the token is wrong, used or expired, or belongs to another call or business.
    """
    business = Business.objects.filter(pk=stream_tokens.business_of(token)).first()
    if business is None:
        raise StreamRefused("the token names no business")
    with acting_for(business):
        greeting_audio = recordings.current_audio(business, now=now)
        plan_settings = conversation_settings(business, greeting_bytes=len(greeting_audio))
        claimed = stream_tokens.claimable(
            token, call_sid, now=now
        ).update(
            status=CallStatus.LIVE,
            stream_token_hash="",  # used up
            stream_sid=stream_sid,
            stream_opened_at=now,
            alive_at=now,
            settings=asdict(plan_settings),
            notice_heard=False if business.notice() else None,
            # The stand-in costs nothing, so the price list must not know it.
            model=settings.OPENAI_REALTIME_MODEL[:60] if settings.OPENAI_API_KEY else "",
        )
        if not claimed:
            raise StreamRefused(stream_tokens.why_not(token, call_sid, now=now))
        call_id = Call.objects.values_list("pk", flat=True).get(twilio_call_sid=call_sid)
    return plan_of(call_id, business, plan_settings, greeting_audio=greeting_audio, now=now)


def end_without_room(plan: CallPlan, *, now: datetime) -> None:
    """End a call whose stream was opened, but found this process full: the caller reaches a person, or an apology."""
    with acting_for(plan.business):
        finishing.end_if_open(
            plan.call_id, next_step=NextStep.APOLOGIZE, failed=True, reason=EndReason.ALL_BUSY, now=now
        )
