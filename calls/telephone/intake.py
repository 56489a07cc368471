"""Admitting a call: which business it is for, whether it can be answered, and the token of its media stream."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import Exists, OuterRef

from businesses import usage
from businesses.hidden import is_hidden
from businesses.hours import reading
from businesses.models import Business, Limit, PhoneNumber, User
from businesses.tenancy import across_businesses, acting_for
from calls import figures
from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason
from calls.greetings import dictations
from calls.models import BROWSER, BlockedCaller, Call, CallOutcome, CallStatus, VoicemailChoices
from calls.records import finishing, telling
from calls.records.endings import end_reason_of
from calls.telephone import stream_tokens

logger = logging.getLogger(__name__)


class Refusal(StrEnum):
    """Why the assistant does not answer. A subset of `EndReason`."""

    NOT_IN_SERVICE = EndReason.NOT_IN_SERVICE
    NO_MINUTES = EndReason.NO_MINUTES
    DAY_LIMIT = EndReason.DAY_LIMIT
    ALL_BUSY = EndReason.ALL_BUSY
    CLOSED = EndReason.CLOSED
    BLOCKED = EndReason.BLOCKED
    TRIAL_RUNNING = EndReason.TRIAL_RUNNING


@dataclass(frozen=True, slots=True)
class Admitted:
    """The assistant answers; the token opens the call's media stream."""

    call: Call
    token: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The assistant does not answer."""

    call: Call
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class NumberUnknown:
    """No business has this number."""


@dataclass(frozen=True, slots=True)
class AlreadyTaken:
    """A repeated webhook of a call that the assistant has answered before."""

    call: Call


@dataclass(frozen=True, slots=True)
class AwaitsCode:
    """A member may call from this telephone to record a text: the call begins with a code, or goes on as any other."""

    business: Business


Admission = Admitted | Refused | NumberUnknown | AlreadyTaken | AwaitsCode


def take_in(
    *, call_sid: str, called_number: str, caller_number: str, now: datetime, asks_for_code: bool = True
) -> Admission:
    """Decide about an incoming call and record it. Asked again about the same call, it decides the same."""
    # The one look across businesses: the called number is all that says whose call this is. PhoneNumber is not
    # scoped for this very reason; everything after it acts for the business that was found.
    with across_businesses():
        codes = dictations.waiting_for(caller_number, now=now).filter(business=OuterRef("business"))
        numbers = PhoneNumber.every.select_related("business", "business__voicemail_choices")
        number = numbers.annotate(is_awaited=Exists(codes)).filter(number=called_number).first()
    if number is None:
        logger.warning("call %s: the called number belongs to no business", call_sid)
        return NumberUnknown()
    if number.is_awaited and asks_for_code and number.is_active and number.business.is_active:
        return AwaitsCode(number.business)
    with acting_for(number.business):
        return _admit(number.business, number, call_sid=call_sid, caller_number=caller_number, now=now)


def take_in_from_browser(business: Business, *, call_id: str, person: User, now: datetime) -> Admission:
    """Decide about a call that a member of the business begins on its page, as about any other."""
    number = business.phone_numbers.order_by("-is_active", "pk").first()
    with acting_for(business):
        return _admit(business, number, call_sid=call_id, caller_number=BROWSER, now=now, person=person)


def _admit(
    found: Business,
    number: PhoneNumber | None,
    *,
    call_sid: str,
    caller_number: str,
    now: datetime,
    person: User | None = None,
) -> Admission:
    with transaction.atomic():
        # Locked, so that callers who come at the same moment can't both take the last free line.
        # `no_key`: a broadcast that adds rows of this business holds a lock on its key meanwhile.
        business = Business.every.select_for_update(no_key=True).get(pk=found.pk)
        call = Call.objects.select_related("business").filter(twilio_call_sid=call_sid).first()
        if call is not None:
            return _asked_again(call, now=now)
        call = Call(
            business=business,
            twilio_call_sid=call_sid,
            called_number=number.number if number else "",
            caller_number=caller_number[:32],
            started_at=now,
            placed_by=person,
        )
        refusal = _end_earlier_trials(person, now=now) if person else None
        refusal = refusal or _refusal(call, number, now=now)
        if refusal:
            call.status, call.outcome = CallStatus.ENDED, CallOutcome.REFUSED
            call.end_reason, call.ended_at = refusal, now
        elif not is_hidden(business.pk):
            usage.add(business, {Limit.CALLS: 1}, now=now)
        call.save(force_insert=True)
        if refusal and not is_hidden(business.pk):
            figures.call_ended(EndReason(refusal), CallOutcome.REFUSED)
            telling.ended(call)
        logger.info("call %s of business %s: %s", call.pk, business.pk, refusal or "taken")
        return Refused(call, refusal) if refusal else Admitted(call, stream_tokens.issue(call, now=now))


def trial_is_running(person: User, *, now: datetime) -> bool:
    """Returns whether this person is trying the assistant at the moment, in any window."""
    return Call.objects.filter(finishing.holding_a_line(now=now), placed_by=person, status=CallStatus.LIVE).exists()


def _end_earlier_trials(person: User, *, now: datetime) -> Refusal | None:
    """End trials of this person that wait for a page that was left. One that is live refuses another one."""
    holding = Call.objects.filter(finishing.holding_a_line(now=now), placed_by=person)
    for earlier in holding:
        if earlier.status == CallStatus.LIVE:
            return Refusal.TRIAL_RUNNING
        reason = EndReason.STREAM_NEVER_OPENED
        finishing.end_if_open(earlier.pk, next_step=NextStep.HANG_UP, failed=True, reason=reason, now=now)
    return None


def _asked_again(call: Call, *, now: datetime) -> Admission:
    if call.outcome == CallOutcome.REFUSED:
        ended = end_reason_of(call)
        return Refused(call, Refusal(ended[0] if ended else Refusal.ALL_BUSY))
    if call.status == CallStatus.RINGING:
        return Admitted(call, stream_tokens.issue(call, now=now))
    return AlreadyTaken(call)


def _refusal(call: Call, number: PhoneNumber | None, *, now: datetime) -> Refusal | None:
    """Returns why the assistant does not answer this new call; the limit that is reached is kept with it."""
    business = call.business
    if BlockedCaller.objects.filter(business=business, number=call.caller_number).exists():
        return Refusal.BLOCKED
    if not business.is_active or (number is not None and not number.is_active):
        return Refusal.NOT_IN_SERVICE
    if business.minutes_left is not None and business.minutes_left <= 0:
        return Refusal.NO_MINUTES
    if number is not None and call.placed_by is None and _wants_voicemail(number.business, now=now):
        call.came_while_closed = True
        return Refusal.CLOSED
    if limit := usage.reached(business, Limit.CALLS, Limit.MINUTES, Limit.MONEY, now=now):
        call.end_detail = {"cause": limit.value}
        return Refusal.DAY_LIMIT
    lines = Call.objects.filter(finishing.holding_a_line(now=now), business=business).count()
    return Refusal.ALL_BUSY if lines >= business.max_concurrent_calls else None


def _wants_voicemail(business: Business, *, now: datetime) -> bool:
    """Returns whether a business, whose choices were read with its number, takes messages now instead of calls."""
    choices: VoicemailChoices | None = getattr(business, "voicemail_choices", None)
    if choices is None or not (choices.is_on and choices.while_closed):
        return False
    standing = reading.standing(business, now)
    return standing is not None and not standing.is_open
