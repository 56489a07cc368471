"""How many messages of a wave its budgets allow, and counting those that leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from whatsapp.models import Broadcast, Recipient
from whatsapp.sending import refunds, spending
from whatsapp.sending.claims import Claimed, Stock
from whatsapp.sending.costs import price_of, rates_at
from whatsapp.sending.gates import Closed
from whatsapp.states import PauseReason, RecipientStatus

WAIT_S = 0.2
"""How long to wait for the answers of messages under way: what is refused frees its money."""


def cut(
    broadcast: Broadcast, rows: list[Claimed], stock: Stock, monthly: Decimal | None, now: datetime
) -> tuple[list[Claimed], Closed | float | None]:
    """Returns the rows, from the first on, that the budgets (`monthly`: the month's) allow; the others go back.

    If they allow none: also why the broadcast must pause, or the seconds after which to ask again.
    """
    found = spending.budgets(broadcast.business, broadcast, monthly, now)
    if not found:
        return rows, None
    number = spending.affordable([price_of(broadcast, row.country, now) for row in rows], found)
    if number == len(rows):
        return rows, None
    stock.rows[:0] = rows[number:]
    if number:
        return rows[:number], None
    if refunds.refund(broadcast, now):
        return [], 0.0
    if Recipient.objects.filter(broadcast=broadcast, status=RecipientStatus.SENDING).exists():
        return [], WAIT_S
    budget = spending.tightest(found)
    resume_at = spending.next_month(broadcast.business, now) if budget.why is PauseReason.MONTH_BUDGET else None
    return [], Closed(budget.why, spending.because_of(budget, now), resume_at)


def book(broadcast: Broadcast, rows: Sequence[Claimed], cost: Decimal, monthly: Decimal | None, now: datetime) -> bool:
    """Count the messages that leave, and their `cost_of`.

    Returns False if another process has used the budget meanwhile: roll back.
    """
    earlier = [
        {
            "pk": row.id,
            "business_id": broadcast.business_id,
            "broadcast_id": broadcast.pk,
            "attempt_id": row.last_attempt,
            "cost_micros": row.cost_micros,
        }
        for row in rows
        if row.cost_micros
    ]
    spending.correct(refunds.corrections_of(earlier, now) if earlier else ())
    return spending.reserve(broadcast.business, broadcast, cost, monthly, now)


def unpriced(rows: Sequence[Claimed], broadcast: Broadcast, now: datetime) -> int:
    """Returns how many of these rows have no known price."""
    rates, people = rates_at(now), Counter(row.country for row in rows)
    return sum(
        number for country, number in people.items() if rates.price(country, broadcast.template_category) is None
    )


def cost_of(rows: Sequence[Claimed], broadcast: Broadcast, now: datetime) -> Decimal:
    """Returns the price of these rows together."""
    people = Counter(row.country for row in rows)
    return sum((number * price_of(broadcast, country, now) for country, number in people.items()), Decimal(0))
