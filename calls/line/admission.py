"""Letting a media stream in: its token is claimed, the call goes live, and its plan is read."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final

from django.conf import settings

from businesses import hours
from businesses.hours.after_hours import as_closed
from businesses.knowledge import entries
from businesses.models import Business
from businesses.prepared import Asked
from businesses.read_ahead import read_ahead
from businesses.tenancy import acting_for
from calls import transfer_targets
from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason
from calls.conversation.settings import ConversationSettings
from calls.errors import StreamRefused
from calls.greetings import names, recordings
from calls.known import known_of
from calls.models import CallStatus
from calls.outgoing import calling
from calls.plan import CallPlan, conversation_settings, plan_of
from calls.records import finishing, pasts
from calls.telephone import stream_tokens
from calls.tools import appointment_words, registry

SHORTEST_REST_S: Final = 1.0
"""Of the longest time of a call that goes on after a break."""


def open_stream(*, token: str, call_sid: str, stream_sid: str, now: datetime) -> CallPlan:
    """Claim a call's stream and return its plan; the call is live afterwards.

    Raises:
        StreamRefused: the token is wrong, used or expired, or belongs to another call or business.
    """
    with acting_for(Business(pk=stream_tokens.business_of(token))):
        call = stream_tokens.found(token, call_sid, now=now)
        if call is None:
            raise StreamRefused(stream_tokens.why_not(token, call_sid, now=now))
    business = call.business
    with acting_for(business), read_ahead(*_asked_by_all(now)):
        known = known_of(business, call, now=now)
        may_be_kept = True
        if call.is_outgoing:
            business, known, may_be_kept = calling.as_called(business, call, known)
        elif known.is_closed:
            business = as_closed(business)
        greeting_audio = recordings.current_audio(business, now=now) if may_be_kept else b""
        tools, reach = registry.offered_by(business), transfer_targets.reach_of(business, now=now)
        plan_settings = conversation_settings(
            business, greeting_bytes=len(greeting_audio), tools=tools, people=[each.name for each in reach.now]
        )
        past = pasts.past_of(call, call.stream_opened_at, now=now) if call.stream_opened_at else None
        columns = {"stream_token_hash": "", "stream_sid": stream_sid, "alive_at": now}  # the token is used up
        if past:
            claimed = bool(stream_tokens.claimable(token, call_sid, now=now).update(**columns))
        else:
            columns |= _first_opening(business, plan_settings, is_closed=known.is_closed, now=now)
            claimed = stream_tokens.claim_first(token, call_sid, now=now, **columns)
        if not claimed:
            raise StreamRefused(stream_tokens.why_not(token, call_sid, now=now))
        if past:
            longest_s = max(plan_settings.max_call_s - past.seconds, SHORTEST_REST_S)
            plan_settings = replace(plan_settings, max_call_s=longest_s)
        known_names = names.names_of(business)
    return plan_of(
        call.pk,
        business,
        plan_settings,
        greeting_audio=greeting_audio,
        now=now,
        names=known_names,
        past=past,
        known=known,
        tools=tools,
        reach=reach,
    )


def _asked_by_all(now: datetime) -> list[Asked]:
    """Returns what is asked about the business of each call, which is read by one statement."""
    return [
        *hours.current_ahead(now),
        entries.in_use.asked(),
        registry.decided.asked(),
        appointment_words.offers.asked(),
        transfer_targets.switched_on.asked(),
        names.members.asked(),
    ]


def _first_opening(
    business: Business, plan_settings: ConversationSettings, *, is_closed: bool, now: datetime
) -> dict[str, Any]:
    """Returns what is kept of a call when its first stream opens."""
    return {
        "status": CallStatus.LIVE,
        "stream_opened_at": now,
        "came_while_closed": is_closed,
        "settings": asdict(plan_settings),
        "notice_heard": False if business.notice() else None,
        # The stand-in costs nothing, so the price list must not know it.
        "model": settings.OPENAI_REALTIME_MODEL[:60] if settings.OPENAI_API_KEY else "",
    }


def end_without_room(plan: CallPlan, *, now: datetime) -> None:
    """End a call whose stream was opened, but found this process full: the caller reaches a person, or an apology."""
    with acting_for(plan.business):
        finishing.end_if_open(
            plan.call_id, next_step=NextStep.APOLOGIZE, failed=True, reason=EndReason.ALL_BUSY, now=now
        )


def end_before_it_began(plan: CallPlan, *, has_left: bool, now: datetime) -> EndReason:
    """End a call whose stream closed while it was being opened: the caller hung up, or the line broke. Returns why."""
    step = NextStep.HANG_UP if has_left else NextStep.APOLOGIZE
    reason = EndReason.CALLER_LEFT if has_left else EndReason.STREAM_BROKE
    with acting_for(plan.business):
        finishing.end_if_open(plan.call_id, next_step=step, failed=not has_left, reason=reason, now=now)
    return reason
