"""What a message to one person costs: a template its price, a reply nothing until the number's free ones are used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from businesses.models import Business
from businesses.phone_numbers import region_of
from whatsapp.audience.rates import SERVICE
from whatsapp.models import DirectKind, DirectMessage, InboundMessage, Sender
from whatsapp.reasons import Reason
from whatsapp.sending import spending
from whatsapp.sending.costs import COSTING, rates_at


def price_of(message: DirectMessage, now: datetime) -> Decimal:
    """Returns what a message costs if it is sent now and delivered."""
    if message.kind == DirectKind.REPLY:
        return terms_of_reply(message.sender, message.address, now).price
    category = message.template.category if message.template else ""
    return rates_at(now).price(country_of(message.address), category) or Decimal(0)


def has_price(message: DirectMessage, now: datetime) -> bool:
    """Returns whether anybody here knows what a message costs."""
    category = SERVICE if message.kind == DirectKind.REPLY else message.template.category if message.template else ""
    return rates_at(now).price(country_of(message.address), category) is not None


@dataclass(frozen=True, slots=True)
class ReplyTerms:
    """What a reply costs, in the currency of the rate card, and how many more are free this month."""

    price: Decimal
    currency: str
    free: int


def terms_of_reply(sender: Sender, address: str, now: datetime) -> ReplyTerms:
    """Returns what a reply to this person costs now: nothing while the number has free ones this month.

    Replies by other software on the same number are not known here; WhatsApp's reports correct the cost.
    """
    rates = rates_at(now)
    price = rates.price(country_of(address), SERVICE) or Decimal(0)
    free = _free_replies_left(sender, rates.free_replies, now) if price else 0
    return ReplyTerms(Decimal(0) if free else price, rates.currency, free)


def _free_replies_left(sender: Sender, free: int, now: datetime) -> int:
    business: Business = sender.business
    began = datetime.combine(spending.month_of(business, now), time(), tzinfo=ZoneInfo(business.time_zone))
    replies = DirectMessage.objects.filter(sender=sender, kind=DirectKind.REPLY, created_at__gte=began)
    answered = InboundMessage.objects.filter(sender=sender, confirmed_at__gte=began).exclude(action="").order_by()
    left = replies.filter(status__in=COSTING).order_by().values("pk").union(answered.values("pk"), all=True)
    return max(0, free - left.count())


def over_budget(message: DirectMessage, monthly: Decimal | None, now: datetime) -> Reason | None:
    """Returns why the month's budget does not allow a message; None if it does."""
    found = spending.budgets(message.sender.business, None, monthly, now)
    if spending.affordable([price_of(message, now)], found):
        return None
    return spending.because_of(spending.tightest(found), now)


def country_of(address: str) -> str:
    """Returns the country of a phone number; "" for a user id, which does not tell."""
    return (region_of(address) if address.startswith("+") else None) or ""
