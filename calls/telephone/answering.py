"""Somebody, or something, answers a call of ours."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.conversation.events import ReportedEnd
from calls.models import Call, CallStatus, OutgoingCall, OutgoingState
from calls.outgoing import progress, states, words
from calls.outgoing.rules import Why
from calls.telephone import reported_ends, stream_tokens
from calls.telephone.announcements import Announcement
from calls.telephone.onward import GoesOn, Onward

logger = logging.getLogger(__name__)


def take(found: OutgoingCall, *, call_sid: str, now: datetime) -> GoesOn | Onward:
    """Returns what the person who has answered hears: the assistant, or why not. Asked again, the same."""
    with acting_for(found.business), transaction.atomic():
        business = Business.every.select_for_update(no_key=True).get(pk=found.business_id)
        row = OutgoingCall.objects.select_for_update(no_key=True, of=("self",)).filter(pk=found.pk).first()
        if row is None or row.twilio_call_sid not in {"", call_sid}:
            return Onward(business)
        row.business = business
        if states.is_machine(row.answered_by):
            return _to_machine(business)
        call = Call.objects.filter(pk=row.call_id).first() if row.call_id else None
        if call is not None:
            is_open = call.status == CallStatus.RINGING and call.twilio_call_sid == call_sid
            return GoesOn(stream_tokens.issue(call, now=now)) if is_open else Onward(business)
        if row.state not in states.MOVABLE:
            return Onward(business)
        if not business.is_active or (business.minutes_left is not None and business.minutes_left <= 0):
            progress.settle(row, OutgoingState.FAILED, why=Why.NOT_TAKEN, now=now)
            return Onward(business, Announcement.UNAVAILABLE)
        return GoesOn(_begin(row, call_sid, now))


def _begin(row: OutgoingCall, call_sid: str, now: datetime) -> str:
    call = Call(
        business=row.business,
        twilio_call_sid=call_sid,
        called_number=row.from_number,
        caller_number=row.number,
        is_outgoing=True,
        started_at=now,
    )
    call.save(force_insert=True)
    row.call, row.twilio_call_sid, row.state, row.why = call, call_sid[:64], OutgoingState.TALKING, ""
    row.due_at, row.ended_at = now + progress.LOOK_AGAIN, None
    row.save(update_fields=["call", "twilio_call_sid", "state", "why", "due_at", "ended_at"])
    logger.info("outgoing call %s of business %s was answered: call %s", row.pk, row.business_id, call.pk)
    return stream_tokens.issue(call, now=now)


def note_answerer(found: OutgoingCall, answered_by: str) -> None:
    """Note what Twilio's machine detection says; a machine isn't talked to any longer."""
    row = progress.note_answerer(found, answered_by)
    if row is not None and row.call_id is not None and states.is_machine(row.answered_by):
        reported_ends.report(row.call_id, ReportedEnd.NO_PERSON)


def after_machine(call: Call) -> Onward | None:
    """Returns what follows after the stream of a call that a machine has answered; None if a person has.

    Expects the business to be set.
    """
    row = OutgoingCall.objects.filter(call=call).first()
    if row is None or not states.is_machine(row.answered_by):
        return None
    listens = states.takes_a_message(row.answered_by)
    return _to_machine(call.business) if listens else Onward(call.business)


def _to_machine(business: Business) -> Onward:
    return Onward(business, says=words.for_machine(business))
