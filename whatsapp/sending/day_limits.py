"""The limits of messages and money that an operator sets for a business's day, and counting what leaves.

What is counted is attempts: a message that is tried twice counts twice. Money is Meta's published price of a delivered
message, in US dollars, whether or not this one is delivered in the end, so it is never too little. Each lane and
process asks before a wave and counts after it, so a limit may be exceeded by the waves that leave at the same moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from businesses import usage
from businesses.models import Business, DailyLimits, Limit, UsageDetail
from whatsapp.reasons import Cause, Reason, reason
from whatsapp.sending.costs import rates_at


@dataclass(frozen=True, slots=True)
class Today:
    """Why nothing may leave any more today, or how many messages may at most; None for no limit."""

    because: Reason | None = None
    left: int | None = None


def read(business: Business, now: datetime, *, limits: DailyLimits | None = None) -> Today:
    """Returns what the limits of the business's day still allow. `limits`: them, here and in `count`, if known."""
    found = {standing.limit: standing for standing in usage.standings(business, now=now, limits=limits)}
    messages, money = found.get(Limit.MESSAGES), found.get(Limit.MONEY)
    if messages and messages.is_reached:
        return Today(reason(Cause.DAY_MESSAGES))
    if money and money.is_reached:
        return Today(reason(Cause.DAY_MONEY))
    return Today(left=int(messages.allowed - messages.used) if messages else None)


def count(
    business: Business,
    messages: int,
    cost: Decimal,
    now: datetime,
    *,
    unpriced: int = 0,
    limits: DailyLimits | None = None,
) -> None:
    """Count messages that are leaving, and their price in the rate card's currency.

    `unpriced`: how many of them have no price there. They cost something that nobody here knows.
    """
    money = cost * rates_at(now).dollars
    counted: usage.Amounts = {
        Limit.MESSAGES: messages,
        Limit.MONEY: money,
        UsageDetail.MESSAGES_MONEY: money,
        UsageDetail.UNPRICED_MESSAGES: unpriced,
    }
    usage.add(business, counted, now=now, limits=limits)
