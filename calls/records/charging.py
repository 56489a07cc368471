"""Charges a business for its calls: minutes of the line, dialled minutes, and OpenAI's tokens.

A call is charged while it lasts, a few seconds at a time: ten calls that begin with one minute left end within seconds
of its end. A dialled leg is charged before it is dialled, as nothing of ours is in it, and what it didn't use is given
back. Everything goes by the difference to what was charged before, so that no order of writers charges twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from uuid import UUID

from django.db.models import DecimalField, F, UUIDField

from businesses import usage
from businesses.hidden import is_hidden
from businesses.models import Business, Limit
from businesses.prepared import Given, Prepared, PreparedUpdate
from calls.conversation.end_reasons import EndReason
from calls.models import Call, CallStatus
from calls.records import costs

SMALLEST_CHARGE = Decimal("0.08")
"""Minutes: a running call is charged about every five seconds."""
_HUNDREDTH = Decimal("0.01")
CHARGE_EVERY_S = float((SMALLEST_CHARGE - _HUNDREDTH) * 60)
"""Sooner there is nothing to charge: hundredths are rounded up."""
_OF_A_CENT = Decimal("0.00001")

_ID = UUIDField()
_MINUTES = DecimalField(max_digits=10, decimal_places=2)
_locked = Prepared(lambda: Call.objects.select_for_update().filter(pk=Given("call", _ID)).order_by())
_charged = PreparedUpdate(lambda: Call.objects.filter(pk=Given("call", _ID)), "minutes_charged", "cost_counted")
_paying = Business.objects.filter(pk=Given("business", _ID))
_without_minutes = Prepared(lambda: _paying.filter(minutes_left__lte=0).order_by().values_list("pk"))
_payment = PreparedUpdate(
    lambda: _paying.filter(minutes_left__isnull=False),
    minutes_left=F("minutes_left") - Given("owed", _MINUTES),
)


def locked(call_id: UUID, business: Business) -> Call | None:
    """Returns the row of a call of this business, locked. Expects the business to be set, and a transaction."""
    call = _locked.first(call=call_id)
    if call is not None:
        call.business = business
    return call


def in_minutes(time: timedelta | float) -> Decimal:
    """Returns a time in minutes, rounded up to hundredths; `time` may be seconds. Never less than 0."""
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    return (Decimal(max(seconds, 0)) / 60).quantize(_HUNDREDTH, ROUND_UP)


def charge(call: Call, *, until: datetime | None, now: datetime) -> None:
    """Charge what a call has used up to `until`. The row must be locked; its two fields are set and not saved."""
    line = in_minutes(until - call.stream_opened_at) if call.stream_opened_at and until else Decimal(0)
    owed = line + call.dialled_minutes - call.minutes_charged
    cost = costs.cost_of(call.model, call.usage)
    spent = Decimal(0) if cost is None else cost.quantize(_OF_A_CENT) - call.cost_counted
    call.minutes_charged += owed
    call.cost_counted += spent
    _book(call.business, owed, now=now, limits={Limit.MINUTES: owed, Limit.MONEY: spent})


def charge_so_far(call_id: UUID, business: Business, *, now: datetime) -> EndReason | None:
    """Charge a running call in the transaction of its process. Returns why it must end, if nothing is left for it."""
    call = locked(call_id, business)
    if call is None or call.status != CallStatus.LIVE or call.stream_opened_at is None:
        return None
    if in_minutes(now - call.stream_opened_at) + call.dialled_minutes - call.minutes_charged < SMALLEST_CHARGE:
        return None
    charge(call, until=now, now=now)
    _charged.run(call=call_id, minutes_charged=call.minutes_charged, cost_counted=call.cost_counted)
    if _without_minutes.rows(business=business.pk):
        return EndReason.NO_MINUTES
    return EndReason.DAY_LIMIT if usage.reached(business, Limit.MINUTES, Limit.MONEY, now=now) else None


def charge_leg(call: Call, minutes: Decimal, *, now: datetime) -> None:
    """Charge a dialled leg before it is dialled. The row must be locked; its two fields are set and not saved."""
    call.dialled_minutes += minutes
    call.minutes_charged += minutes
    _book(call.business, minutes, now=now, limits={Limit.MINUTES: minutes, Limit.DIALLED_MINUTES: minutes})


def give_back(call: Call, minutes: Decimal, *, since: datetime) -> None:
    """Give back what a leg that was charged at `since` did not use. The row must be locked and is not saved."""
    call.dialled_minutes -= minutes
    call.minutes_charged -= minutes
    _pay(call.business, -minutes)
    for limit in (Limit.MINUTES, Limit.DIALLED_MINUTES):
        usage.give_back(call.business, limit, minutes, since=since)


def _book(business: Business, owed: Decimal, *, now: datetime, limits: usage.Amounts) -> None:
    if not is_hidden(business.pk):
        _pay(business, owed)
        usage.add(business, limits, now=now)


def _pay(business: Business, owed: Decimal) -> None:
    if owed:
        _payment.run(business=business.pk, owed=owed)
