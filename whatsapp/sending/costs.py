"""What a message costs, by what is known of it so far. Pure, apart from reading the rate cards.

    state of the message                               costs
    not posted, refused, failed, not delivered in time nothing
    posted, and no price was reported yet              the price of its category, which is reserved
    reported as not billable                           nothing
    reported as billable                               the price of the category that was reported

"Billed" is the part of it that WhatsApp has reported as billable for a message that was delivered: it charges for
delivered messages only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from whatsapp.audience.rates import RateTable, rates_on
from whatsapp.models import Broadcast
from whatsapp.states import RecipientStatus

MICRO = Decimal(1_000_000)
COSTING = frozenset(
    {
        RecipientStatus.SENDING,
        RecipientStatus.UNKNOWN,
        RecipientStatus.ASSUMED_SENT,
        RecipientStatus.ACCEPTED,
        RecipientStatus.HELD,
        RecipientStatus.SENT,
        RecipientStatus.DELIVERED,
        RecipientStatus.READ,
    }
)
"""In these states a message costs something, or may."""

DELIVERED = frozenset({RecipientStatus.DELIVERED, RecipientStatus.READ})


@dataclass(frozen=True, slots=True)
class Charged:
    """What decides the cost of a message: `expected` is its own price, `price_category` what was reported of it."""

    status: RecipientStatus
    country: str
    expected: Decimal
    billable: bool | None = None
    price_category: str = ""


def rates_at(moment: datetime) -> RateTable:
    """Returns the prices of a moment. Meta changes them at midnight of the account's time zone; here it is UTC's."""
    return rates_on(moment.astimezone(UTC).date())


def cost_of(message: Charged, rates: RateTable) -> Decimal:
    """Returns what a message costs, or may still cost."""
    if message.status not in COSTING or message.billable is False:
        return Decimal(0)
    reported = rates.price(message.country, message.price_category) if message.billable else None
    return message.expected if reported is None else reported


@dataclass(frozen=True, slots=True)
class Bill:
    """What decides the price of a message that was reported as billable: its own category counts if none was said."""

    status: RecipientStatus
    country: str
    own_category: str
    price_category: str


def billed(message: Bill, rates: RateTable) -> Decimal:
    """Returns the price of a message that was reported as billable; WhatsApp charges for delivered ones only."""
    if message.status not in DELIVERED:
        return Decimal(0)
    price = rates.price(message.country, message.price_category) if message.price_category else None
    own = rates.price(message.country, message.own_category)
    return (own or Decimal(0)) if price is None else price


def price_of(broadcast: Broadcast, country: str, now: datetime) -> Decimal:
    """Returns the price of a message of a broadcast to somebody in this country, as it is counted when it leaves."""
    return rates_at(now).price(country, broadcast.template_category) or Decimal(0)


def micros(amount: Decimal) -> int:
    """Returns an amount in millionths, in which sums are kept."""
    return round(amount * MICRO)


def from_micros(amount: int) -> Decimal:
    """Returns an amount that was kept in millionths."""
    return Decimal(amount) / MICRO
