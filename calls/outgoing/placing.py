"""The queue of outgoing calls: which are due, claiming one, and what becomes of it.

The rows are the queue. A call is claimed and committed before Twilio is asked for it, since Twilio has no key by which
it would know a request again: a process that dies in between leaves `DIALLING`, which becomes `UNKNOWN` and is not
repeated. The addresses that Twilio is given name the row, so a call that exists tells so itself, whoever has died.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet

from businesses import usage
from businesses.models import Business, Limit
from businesses.tenancy import across_businesses
from calls.models import Call, OutgoingCall, OutgoingChoices, OutgoingState
from calls.outgoing import asking, reminding, rules, unreached
from calls.outgoing.choices import choices_of
from calls.outgoing.hours import hours_for
from calls.outgoing.rules import Facts, Go, Never, Wait, Why
from calls.outgoing.states import UNDER_WAY
from calls.records import finishing

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=60)
"""Longer than Twilio may take to answer."""
MOST: Final = 20
_LONGEST_S: Final = 14_400
_SHORTEST_S: Final = 60
_LIMITS: Final = (Limit.CALLS, Limit.MINUTES, Limit.DIALLED_MINUTES, Limit.MONEY)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A call that this process alone may make now, from a number of the business, for so many seconds at most."""

    row: OutgoingCall
    choices: OutgoingChoices
    limit_s: int


def due(*, now: datetime) -> list[OutgoingCall]:
    """Returns the calls of every business that wait and may be due, with their businesses."""
    with across_businesses():  # the workers serve the whole installation; each call is then made for its business
        return list(due_rows(now).select_related("business").order_by("due_at")[:MOST])


def due_rows(now: datetime) -> QuerySet[OutgoingCall]:
    """Returns the calls that may be due. Expects the businesses to be set."""
    return OutgoingCall.objects.filter(state=OutgoingState.WAITING, due_at__lte=now)


def claim(found: OutgoingCall, *, now: datetime) -> Claimed | None:
    """Claim a call if it may be made now; else store when and why. Expects the business to be set."""
    with transaction.atomic():
        # Locked, so that two calls that are due at the same moment can't both take the last line.
        business = Business.every.select_for_update(no_key=True).get(pk=found.business_id)
        mine = OutgoingCall.objects.filter(pk=found.pk, state=OutgoingState.WAITING, due_at__lte=now)
        row = mine.select_related("appointment").first()
        if row is None:
            return None
        row.business = business
        choices = choices_of(business)
        verdict = rules.judge(_facts(row, choices, now), hours_for(business, choices, row.number), now=now)
        match verdict:
            case Wait(until, why):
                mine.update(due_at=until, why=why)
                return None
            case Never(why):
                mine.update(state=OutgoingState.NOT_ALLOWED, why=why, due_at=None, ended_at=now)
                logger.info("outgoing call %s of business %s is not made: %s", row.pk, business.pk, why)
                return None
            case Go():
                return _claim(row, choices, now)


def own_number(business: Business) -> str:
    """Returns the number that a called person sees; "" if the business has none in service."""
    first = business.phone_numbers.filter(is_active=True).order_by("pk").first()
    return first.number if first else ""


def _claim(row: OutgoingCall, choices: OutgoingChoices, now: datetime) -> Claimed:
    business = row.business
    row.state, row.why, row.from_number = OutgoingState.DIALLING, "", own_number(business)
    row.dialled_at, row.due_at = now, now + LEASE
    row.save(update_fields=["state", "why", "from_number", "dialled_at", "due_at"])
    usage.add(business, {Limit.CALLS: 1}, now=now)
    left = [business.minutes_left, *(usage.left(business, each, now=now) for each in _LIMITS[1:3])]
    seconds = [int(each * 60) for each in left if each is not None]
    limit_s = max(min([business.max_call_minutes * 60, _LONGEST_S, *seconds]), _SHORTEST_S)
    return Claimed(row, choices, limit_s)


def _facts(row: OutgoingCall, choices: OutgoingChoices, now: datetime) -> Facts:
    business = row.business
    refusal = asking.refusal_of(business, row.number, appointment=row.appointment, now=now)
    if refusal is Why.NOT_AGREED and row.basis:  # they had agreed when it was asked for; an old call may be removed
        refusal = None
    if refusal is None and row.is_reminder:
        refusal = reminding.refusal_of(row, now=now)
    if refusal is None and not own_number(business):
        refusal = Why.NO_OWN_NUMBER
    began = usage.next_day(business, now) - timedelta(days=1)
    dialled = OutgoingCall.objects.filter(business=business, dialled_at__gte=began)
    under_way = OutgoingCall.objects.filter(business=business, state__in=UNDER_WAY)
    unanswered = under_way.filter(call=None).count()
    lines = Call.objects.filter(finishing.holding_a_line(now=now), business=business).count()
    unknown = OutgoingCall.objects.filter(business=business, number=row.number, state=OutgoingState.UNKNOWN)
    return Facts(
        asked_at=row.asked_at,
        refusal=refusal,
        used_up=usage.reached(business, *_LIMITS, now=now) is not None,
        has_minutes=business.minutes_left is None or business.minutes_left > 0,
        lines=lines + unanswered,
        outgoing=under_way.count(),
        most_lines=business.max_concurrent_calls,
        today=dialled.count(),
        most_a_day=choices.most_a_day,
        to_person_today=dialled.filter(number=row.number).count(),
        most_per_person=choices.most_per_person,
        is_on_the_line=under_way.filter(number=row.number).exists(),
        unknown_at=unknown.aggregate(last=Max("dialled_at"))["last"],
        next_day=usage.next_day(business, now),
        useful_until=unreached.useful_until(row.appointment_at) if row.appointment_at else None,
    )


def made(row_id: UUID, call_sid: str, *, now: datetime) -> None:
    """Note that Twilio makes the call. What it has told of it meanwhile stays. Expects the business to be set."""
    mine = OutgoingCall.objects.filter(pk=row_id)
    mine.filter(twilio_call_sid="").update(twilio_call_sid=call_sid[:64])
    unproved = mine.filter(state__in=(OutgoingState.DIALLING, OutgoingState.UNKNOWN))
    unproved.update(state=OutgoingState.RINGING, why="", due_at=now + finishing.NEVER_OPENED_AFTER)


def not_made(row: OutgoingCall, *, why: str, again_at: datetime | None, now: datetime) -> None:
    """Note that Twilio certainly does not make a claimed call: it failed, or waits until it is tried again.

    It counts as no call of the day, so that hours without Twilio don't use up what callers need.
    """
    mine = OutgoingCall.objects.filter(pk=row.pk, state=OutgoingState.DIALLING)
    with transaction.atomic():
        if again_at is not None:
            changed = mine.update(state=OutgoingState.WAITING, why=why, due_at=again_at, dialled_at=None)
        else:
            changed = mine.update(state=OutgoingState.FAILED, why=why[:20], due_at=None, ended_at=now)
        if changed and row.dialled_at is not None:
            usage.give_back(row.business, Limit.CALLS, Decimal(1), since=row.dialled_at)


def perhaps_made(row_id: UUID, *, now: datetime) -> None:
    """Note that nobody knows whether Twilio makes the call. It isn't repeated, and Twilio's reports may still tell."""
    mine = OutgoingCall.objects.filter(pk=row_id, state=OutgoingState.DIALLING)
    mine.update(state=OutgoingState.UNKNOWN, due_at=None, ended_at=now)
