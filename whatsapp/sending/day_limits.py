"""The limits of messages and money that an operator sets for a business's day, and counting what leaves.

What is counted is attempts: a message that is tried twice counts twice. Money is Meta's published price of a delivered
message, whether or not this one is delivered in the end, so it is never too little. Each lane and process asks before
a wave and counts after it, so a limit may be exceeded by the waves that leave at the same moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from businesses import usage
from businesses.models import Business, Limit
from whatsapp.audience.rates import current_rates
from whatsapp.reasons import Cause, Reason, reason


@dataclass(frozen=True, slots=True)
class Today:
    """Why nothing may leave any more today, or how many messages may at most; None for no limit."""

    because: Reason | None = None
    left: int | None = None


def read(business: Business, now: datetime) -> Today:
    """Returns what the limits of the business's day still allow."""
    found = {standing.limit: standing for standing in usage.standings(business, now=now)}
    messages, money = found.get(Limit.MESSAGES), found.get(Limit.MONEY)
    if messages and messages.is_reached:
        return Today(reason(Cause.DAY_MESSAGES))
    if money and money.is_reached:
        return Today(reason(Cause.DAY_MONEY))
    return Today(left=int(messages.allowed - messages.used) if messages else None)


def count(business: Business, countries: Iterable[str], category: str, now: datetime) -> None:
    """Count messages that are leaving, one for each country; `category` of their template, "" for a reply (free)."""
    rates, countries = current_rates(), list(countries)
    prices = (rates.price(country, category) for country in countries) if category else ()
    money = sum((price for price in prices if price is not None), Decimal(0))
    usage.add(business, {Limit.MESSAGES: len(countries), Limit.MONEY: money}, now=now)
