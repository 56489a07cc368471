"""Budgets of money: what a broadcast may cost, and a business's messages of a month.

Every message is counted before it leaves, in the transaction that commits its attempt: one conditional UPDATE adds its
price to the sum only if the sum then still fits the budget. So a budget is never exceeded, however many processes
send. What turns out to cost nothing, less or more corrects the sums later, each message in the transaction that
changes its row.

The sums are always the last rows that a transaction touches but for courses (`broadcasts.course`), the broadcast's
before the month's, so that no two transactions wait for each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F, Model, QuerySet

from businesses import usage
from businesses.models import Business
from whatsapp.models import Broadcast, BroadcastSpending, MonthSpending
from whatsapp.people.messaging_settings import settings_of
from whatsapp.reasons import Cause, Reason, reason
from whatsapp.sending.costs import from_micros, micros, rates_at
from whatsapp.states import PauseReason


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit of money, and what is used of it, in millionths of the rate card's currency."""

    why: PauseReason
    limit: int
    used: int

    @property
    def left(self) -> int:
        """What may still be spent."""
        return max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class Correction:
    """A message of this broadcast (None: of no broadcast) that left in this month costs so much more, or less."""

    business: UUID
    broadcast: UUID | None
    month: date
    micros: int


def month_of(business: Business, moment: datetime) -> date:
    """Returns the first day of the month by the business's clock."""
    return usage.day_of(business, moment).replace(day=1)


def next_month(business: Business, now: datetime) -> datetime:
    """Returns when the business's next month begins."""
    first = month_of(business, now)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return datetime.combine(following, time(), tzinfo=ZoneInfo(business.time_zone))


def spent_on(broadcast: Broadcast) -> Decimal:
    """Returns what the broadcast has cost so far, messages under way included."""
    return from_micros(_micros(_of_broadcast(broadcast.business_id, broadcast.pk)))


def spent_in_month(business: Business, now: datetime) -> Decimal:
    """Returns what the business's messages of this month cost so far, messages under way included."""
    return from_micros(_micros(_of_month(business.pk, month_of(business, now))))


def monthly_budget(business: Business) -> Decimal | None:
    """Returns what the business's messages of a month may cost; None if that is not limited."""
    monthly: Decimal | None = settings_of(business).monthly_budget
    return monthly


def budgets(business: Business, broadcast: Broadcast | None, monthly: Decimal | None, now: datetime) -> list[Budget]:
    """Returns the budgets that a message of the broadcast (None: of no broadcast) must fit; none if none is set.

    `monthly` is the business's `monthly_budget`, here and in `reserve`: whoever asks both reads it once.
    """
    found = []
    if broadcast is not None and broadcast.budget is not None:
        used = _micros(_of_broadcast(business.pk, broadcast.pk))
        found.append(Budget(PauseReason.BUDGET, micros(broadcast.budget), used))
    if monthly is not None:
        used = _micros(_of_month(business.pk, month_of(business, now)))
        found.append(Budget(PauseReason.MONTH_BUDGET, micros(monthly), used))
    return found


def affordable(prices: Sequence[Decimal], found: Iterable[Budget]) -> int:
    """Returns how many messages with these prices, from the first on, fit every budget."""
    left = min((budget.left for budget in found), default=None)
    if left is None:
        return len(prices)
    for number, price in enumerate(prices):
        left -= micros(price)
        if left < 0:
            return number
    return len(prices)


def tightest(found: Sequence[Budget]) -> Budget:
    """Returns the budget with the least left."""
    return min(found, key=lambda budget: budget.left)


def because_of(budget: Budget, now: datetime) -> Reason:
    """Returns why nothing more may leave, with both amounts."""
    used, limit, currency = _amount(budget.used), _amount(budget.limit), rates_at(now).currency
    if budget.why is PauseReason.BUDGET:
        return reason(Cause.BUDGET_USED, used=used, budget=limit, currency=currency)
    return reason(Cause.MONTH_BUDGET_USED, used=used, budget=limit, currency=currency)


def _amount(micros: int) -> str:
    return f"{from_micros(micros):.2f}"


def reserve(
    business: Business, broadcast: Broadcast | None, amount: Decimal, monthly: Decimal | None, now: datetime
) -> bool:
    """Add an amount to the sums if it fits the budgets; call it last in the transaction that sends the messages.

    Returns False if it does not fit any more: another process was faster. Then the caller rolls everything back.
    """
    wanted, month = micros(amount), month_of(business, now)
    if broadcast is not None and not _added(
        BroadcastSpending, wanted, broadcast.budget, business_id=business.pk, broadcast_id=broadcast.pk
    ):
        return False
    return _added(MonthSpending, wanted, monthly, business_id=business.pk, month=month)


_ADD = 'UPDATE "{table}" SET micros = micros + %s WHERE {key} AND micros <= %s'
"""Written out, and not as a queryset: each wave runs it twice."""
_NO_LIMIT = 2**62


def _added(model: type[Model], wanted: int, budget: Decimal | None, **key: Any) -> bool:
    """Add to a sum if it then still fits the budget; one that does not exist yet is begun. Returns whether it fits."""
    columns = " AND ".join(f"{name} = %s" for name in key)
    statement = _ADD.format(table=model._meta.db_table, key=columns)
    most = _NO_LIMIT if budget is None else micros(budget) - wanted
    fields = {field.attname: field for field in model._meta.concrete_fields}
    prepared = [fields[name].get_db_prep_save(value, connection) for name, value in key.items()]
    with connection.cursor() as cursor:
        cursor.execute(statement, [wanted, *prepared, most])
        if cursor.rowcount:
            return True
        _ensure(model._default_manager.filter(**key), **key)
        cursor.execute(statement, [wanted, *prepared, most])
        return bool(cursor.rowcount)


def correct(corrections: Iterable[Correction], *, billed: Mapping[tuple[UUID, UUID], int] | None = None) -> None:
    """Correct the sums; call it last in the transaction that changes the rows.

    `billed`: what WhatsApp has billed more, or less, by business and broadcast, in millionths. What was billed before
    it was kept is unknown, and stays so (NULL) whatever is added.
    """
    billed = billed or {}
    by_broadcast: defaultdict[tuple[UUID, UUID], int] = defaultdict(int, dict.fromkeys(billed, 0))
    by_month: defaultdict[tuple[UUID, date], int] = defaultdict(int)
    for one in corrections:
        if one.broadcast is not None:
            by_broadcast[one.business, one.broadcast] += one.micros
        by_month[one.business, one.month] += one.micros
    for (business, broadcast), amount in sorted(by_broadcast.items(), key=str):
        more = billed.get((business, broadcast), 0)
        if amount or more:
            rows = _of_broadcast(business, broadcast)
            _ensure(rows, business_id=business, broadcast_id=broadcast)
            rows.update(micros=F("micros") + amount, billed_micros=F("billed_micros") + more)
    for (business, month), amount in sorted(by_month.items(), key=str):
        if amount:
            rows = _of_month(business, month)
            _ensure(rows, business_id=business, month=month)
            rows.update(micros=F("micros") + amount)


def _of_broadcast(business: UUID, broadcast: UUID) -> QuerySet[Any]:
    """Returns the sum of a broadcast, if there is one yet."""
    return BroadcastSpending.objects.filter(business=business, broadcast=broadcast)


def _of_month(business: UUID, month: date) -> QuerySet[Any]:
    """Returns the sum of a month, if there is one yet."""
    return MonthSpending.objects.filter(business=business, month=month)


def _micros(rows: QuerySet[Any]) -> int:
    """Returns a sum; 0 if there is none yet."""
    return rows.values_list("micros", flat=True).first() or 0


def _ensure(rows: QuerySet[Any], **key: Any) -> None:
    """Begin a sum, if there is none yet."""
    if not rows.exists():
        rows.model._default_manager.bulk_create([rows.model(**key)], ignore_conflicts=True)
