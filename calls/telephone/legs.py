"""The dialled leg: a caller is put through to a telephone, and the business pays for the second call too.

The only place that grants one. What is to be dialled is judged here once more, whoever chose it and whenever it was
stored; a leg takes a line, is charged before it is dialled, and ends by itself when its time is used up.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from businesses import usage
from businesses.dialling import DialRefusal, can_be_shown
from businesses.models import Business, Limit
from businesses.tenancy import acting_for
from calls.models import Call
from calls.records import charging

logger = logging.getLogger(__name__)

RING_S = 30
"""How long a number rings before the caller hears that nobody answers."""
SHORTEST_S = 30
"""With less time left nobody is rung: the talk would end before it began."""
LONGEST_S = 14_400
"""Twilio's own limit of a dialled call, four hours."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A call to a telephone that may be placed. `shows`: the number that rings up there; "" for the caller's own."""

    number: str
    limit_s: int
    shows: str


@dataclass(frozen=True, slots=True)
class Ring:
    """A number that rings for a transfer (`transferring.py`): the `number`th of it.

    `asks_for_key`: whoever answers hears who calls and accepts by a key.
    """

    leg: Leg
    transfer_id: UUID
    number: int
    asks_for_key: bool


def open_leg(call: Call, number: str, *, now: datetime) -> Leg | None:
    """Grant a leg to this number and charge its time, or keep with the call why not. Asked again, the same leg."""
    with acting_for(call.business), transaction.atomic():
        # Locked, so that callers who are passed on at the same moment can't take the same minutes.
        business = Business.every.select_for_update(no_key=True).get(pk=call.business_id)
        row = Call.objects.select_for_update().get(pk=call.pk)
        row.business = business
        refusal = business.dial_refusal(number)
        if refusal is None and row.dialling_until and row.dialling_until > now:
            return Leg(number, _limit_s(row), _shows(row))
        limit_s = 0
        if refusal is None:
            limit_s, refusal = _time_for(row, now=now)
        if refusal:
            logger.warning("call %s of business %s: not put through: %s", row.pk, business.pk, refusal)
            Call.objects.filter(pk=row.pk).update(dial_refusal=refusal.value)
            return None
        row.dialled_at, row.dialling_until = now, now + timedelta(seconds=RING_S + limit_s)
        charging.charge_leg(row, charging.in_minutes(limit_s), now=now)
        row.save(update_fields=["dialled_at", "dialling_until", "dialled_minutes", "minutes_charged"])
        return Leg(number, limit_s, _shows(row))


def close_leg(call: Call, *, seconds: float | None, now: datetime) -> None:
    """Note that the leg is over, and give back what it did not use. None: count by the clock. Once; then nothing."""
    with acting_for(call.business), transaction.atomic():
        row = Call.objects.select_for_update().filter(pk=call.pk, dialling_until__isnull=False).first()
        if row is None or row.dialled_at is None:
            return
        row.business = call.business
        lasted_s = (now - row.dialled_at).total_seconds() if seconds is None else seconds
        charged = charging.in_minutes(_limit_s(row))
        unused = charged - min(charged, charging.in_minutes(lasted_s))
        charging.give_back(row, unused, since=row.dialled_at)
        row.dialling_until = None
        row.save(update_fields=["dialling_until", "dialled_minutes", "minutes_charged"])


def _time_for(call: Call, *, now: datetime) -> tuple[int, DialRefusal | None]:
    """Returns the seconds that a leg may last, or why there are none."""
    business = call.business
    legs = Call.objects.filter(business=business, dialling_until__gte=now).count()
    if legs >= business.max_concurrent_calls:
        return 0, DialRefusal.ALL_BUSY
    if usage.reached(business, Limit.MONEY, now=now):
        return 0, DialRefusal.DAY_LIMIT
    most_s = min(business.max_call_minutes * 60, LONGEST_S)
    if business.minutes_left is not None and business.minutes_left * 60 < SHORTEST_S:
        return 0, DialRefusal.NO_MINUTES
    today = [usage.left(business, limit, now=now) for limit in (Limit.MINUTES, Limit.DIALLED_MINUTES)]
    minutes: list[Decimal] = [each for each in (business.minutes_left, *today) if each is not None]
    limit_s = min([most_s, *(int(each * 60) for each in minutes)])
    return (limit_s, None) if limit_s >= SHORTEST_S else (0, DialRefusal.DAY_LIMIT)


def _limit_s(call: Call) -> int:
    if call.dialled_at is None or call.dialling_until is None:
        return 0
    return round((call.dialling_until - call.dialled_at).total_seconds()) - RING_S


def _shows(call: Call) -> str:
    """Returns the business's number for a caller who withholds theirs: without one Twilio would not dial."""
    return "" if can_be_shown(call.caller_number) else call.called_number
