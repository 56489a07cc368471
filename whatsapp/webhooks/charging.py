"""What reports change about the cost of messages: WhatsApp says the category, and whether the message is billed.

Most reports confirm the price that was counted when the message left; then nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from businesses.models import Business
from whatsapp.audience.rates import SERVICE
from whatsapp.models import Broadcast, DirectKind, DirectMessage, MessageTemplate, Recipient
from whatsapp.sending import refunds, spending
from whatsapp.sending.costs import COSTING, Bill, Charged, billed, cost_of, from_micros, micros, rates_at
from whatsapp.sending.letter_costs import country_of
from whatsapp.sending.spending import Correction
from whatsapp.webhooks.folding import Delivery


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted for a row until now. The fields are columns of the row."""

    pk: int
    business_id: UUID
    broadcast_id: UUID
    attempt_id: UUID | None
    country: str
    cost_estimate: Decimal | None
    cost_micros: int


@dataclass(frozen=True, slots=True)
class Charge:
    """What reports have changed about a row whose cost is counted."""

    row: Counted
    before: Delivery
    after: Delivery


def recharge(charges: Sequence[Charge], now: datetime) -> None:
    """Correct the cost of rows after reports, and the sums with it; call it last in the transaction.

    What costs nothing any more is left to `sending.refunds`.
    """
    changed = []
    for row, after in ((charge.row, charge.after) for charge in charges):
        if after.status not in COSTING:
            continue
        expected = from_micros(row.cost_micros) if row.cost_estimate is None else row.cost_estimate
        message = Charged(after.status, row.country, expected, after.billable, after.price_category)
        cost = micros(cost_of(message, rates_at(after.delivered_at or after.accepted_at or now)))
        if cost != row.cost_micros:
            changed.append((row, cost))
    billed = _billed(charges, now)
    if not changed and not billed:
        return
    for price in {cost for _row, cost in changed}:  # few: one per country and category
        Recipient.objects.filter(pk__in=[row.pk for row, cost in changed if cost == price]).update(cost_micros=price)
    old = [{name: getattr(row, name) for name in columns_of(Counted)} for row, _cost in changed]
    spending.correct(
        (
            Correction(off.business, off.broadcast, off.month, off.micros + cost)
            for off, (_row, cost) in zip(refunds.corrections_of(old, now), changed, strict=True)
        ),
        billed=billed,
    )


def _billed(charges: Sequence[Charge], now: datetime) -> dict[tuple[UUID, UUID], int]:
    """Returns what WhatsApp has billed more, or less, for each broadcast (business, broadcast), in millionths."""
    reported = [each for each in charges if each.before.billable or each.after.billable]
    found = {each.row.broadcast_id for each in reported}
    own = dict(Broadcast.objects.filter(pk__in=found).values_list("pk", "template_category")) if found else {}
    sums: defaultdict[tuple[UUID, UUID], int] = defaultdict(int)
    for each in reported:
        for delivery, sign in ((each.before, -1), (each.after, 1)):
            bill = Bill(delivery.status, each.row.country, own[each.row.broadcast_id], delivery.price_category)
            if delivery.billable:
                amount = micros(billed(bill, rates_at(delivery.delivered_at or now)))
                sums[each.row.business_id, each.row.broadcast_id] += sign * amount
    return {key: amount for key, amount in sums.items() if amount}


@dataclass(frozen=True, slots=True)
class CountedLetter:
    """What is counted for a message to one person until now. The fields are columns of the row."""

    pk: UUID
    business_id: UUID
    address: str
    kind: str
    template_id: UUID | None
    created_at: datetime
    cost_micros: int


Kind = TypeVar("Kind", Counted, CountedLetter)


def columns_of(kind: type[Kind]) -> tuple[str, ...]:
    """Returns the columns that `taken_from` needs."""
    return tuple(each.name for each in fields(kind))


def taken_from(values: dict[str, Any], kind: type[Kind]) -> Kind:
    """Take what is counted for a row out of its values."""
    return kind(**{name: values.pop(name) for name in columns_of(kind)})


def recharge_letter(letter: CountedLetter, after: Delivery) -> None:
    """Correct the cost of a message to one person as WhatsApp reports it. Without a price in the report nothing is."""
    if after.status not in COSTING or after.billable is None:
        return
    category = SERVICE
    if letter.kind != DirectKind.REPLY:
        template = MessageTemplate.objects.filter(pk=letter.template_id).first() if letter.template_id else None
        category = template.category if template else ""
    country, rates = country_of(letter.address), rates_at(after.delivered_at or letter.created_at)
    expected = rates.price(country, category) or Decimal(0)
    cost = micros(cost_of(Charged(after.status, country, expected, after.billable, after.price_category), rates))
    if cost != letter.cost_micros:
        DirectMessage.objects.filter(pk=letter.pk).update(cost_micros=cost)
        month = spending.month_of(Business.objects.get(pk=letter.business_id), letter.created_at)
        spending.correct([Correction(letter.business_id, None, month, cost - letter.cost_micros)])
