"""Counts what a business uses in a day, says how far its limits are used up, and warns before they are.

A day is the business's own, by its time zone. Counting is one UPDATE of one row, in the transaction of what is counted.
Whoever begins something asks `reached` before and counts after, without a lock in between, so things that begin at the
same moment in several processes may exceed a limit of calls, messages or money by as many as there are of them.
Minutes can't be exceeded that way: calls are charged while they last, and dialled minutes before they are dialled.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from businesses.models import Business, DailyLimits, DayUsage, Limit, UsageDetail
from businesses.prepared import Prepared, PreparedUpdate, given
from businesses.tenancy import acting_for

logger = logging.getLogger(__name__)

NEAR = Decimal("0.8")
"""From this share of a limit on the business is warned."""

Amount = int | Decimal
Amounts = Mapping[Limit | UsageDetail, Amount]

_limits = Prepared(DailyLimits.objects.all)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one limit is used up today."""

    limit: Limit
    used: Decimal
    allowed: Decimal

    @property
    def is_reached(self) -> bool:
        """Nothing is left."""
        return self.used >= self.allowed

    @property
    def is_near(self) -> bool:
        """Most of it is used, or all."""
        return self.used >= NEAR * self.allowed


def day_of(business: Business, now: datetime) -> date:
    """Returns the day by the business's clock."""
    return now.astimezone(ZoneInfo(business.time_zone)).date()


def next_day(business: Business, now: datetime) -> datetime:
    """Returns when the business's next day begins."""
    tomorrow = day_of(business, now) + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tzinfo=ZoneInfo(business.time_zone))


def add(business: Business, amounts: Amounts, *, now: datetime, limits: DailyLimits | None = None) -> None:
    """Count what was used just now. `limits`: as in `standings`."""
    amounts = {what: amount for what, amount in amounts.items() if amount}
    if not amounts:
        return
    day = day_of(business, now)
    with acting_for(business), transaction.atomic(savepoint=False):
        added = {what.value: amount for what, amount in amounts.items()}
        if not _adding(*added).run(day=day, **added):
            DayUsage.objects.bulk_create([DayUsage(business=business, day=day)], ignore_conflicts=True)
            _adding(*added).run(day=day, **added)
        _tell(business, amounts, now=now, limits=limits)


@cache
def _adding(*columns: str) -> PreparedUpdate:
    """Returns the statement that adds to these columns of a day."""
    more = {name: F(name) + given(DayUsage, name) for name in columns}
    return PreparedUpdate(lambda: DayUsage.objects.filter(day=given(DayUsage, "day")), **more)


def give_back(business: Business, limit: Limit, amount: Decimal, *, since: datetime) -> None:
    """Give back what was counted at `since` and was not used after all."""
    rows = DayUsage.objects.filter(business=business, day=day_of(business, since))
    rows.update(**{limit.value: F(limit.value) - amount})


def _tell(business: Business, amounts: Amounts, *, now: datetime, limits: DailyLimits | None) -> None:
    """Log each limit that these amounts have brought near its end, or to it: once, as the row is locked by now."""
    for standing in standings(business, now=now, limits=limits):
        amount = Decimal(amounts.get(standing.limit, 0))
        before = Standing(standing.limit, standing.used - amount, standing.allowed)
        if standing.is_reached and not before.is_reached:
            logger.warning("business %s: its daily limit of %s is reached", business.pk, standing.limit.value)
        elif standing.is_near and not before.is_near:
            logger.warning("business %s: 80%% of its daily limit of %s is used", business.pk, standing.limit.value)


def standings(business: Business, *, now: datetime, limits: DailyLimits | None = None) -> list[Standing]:
    """Returns how far each limit of the business is used up; limits that are not set are left out.

    `limits`: the business's, if the caller has read them.
    """
    if limits is None:
        with acting_for(business):
            limits = _limits.first()
    allowed = {limit: getattr(limits, limit.value) for limit in Limit} if limits else {}
    if not any(each is not None for each in allowed.values()):
        return []
    used = used_today(business, now=now)
    return [
        Standing(limit, Decimal(getattr(used, limit.value)), Decimal(most))
        for limit, most in allowed.items()
        if most is not None
    ]


def overview(business: Business, *, now: datetime) -> list[tuple[str, Decimal, Decimal | None]]:
    """Returns the label of each kind of limit, what was used today, and the limit; None for none."""
    used, allowed = used_today(business, now=now), {each.limit: each.allowed for each in standings(business, now=now)}
    return [(str(limit.label), Decimal(getattr(used, limit.value)), allowed.get(limit)) for limit in Limit]


def used_today(business: Business, *, now: datetime) -> DayUsage:
    """Returns what the business has used today; a row of zeros if nothing."""
    day = day_of(business, now)
    return DayUsage.objects.filter(business=business, day=day).first() or DayUsage(business=business, day=day)


def reached(business: Business, *limits: Limit, now: datetime) -> Limit | None:
    """Returns the first of these limits of which nothing is left today; None if there is none."""
    found = {standing.limit for standing in standings(business, now=now) if standing.is_reached}
    return next((limit for limit in limits if limit in found), None)


def left(business: Business, limit: Limit, *, now: datetime) -> Decimal | None:
    """Returns how much of a limit is left today, 0 or more; None if it is not set."""
    for standing in standings(business, now=now):
        if standing.limit is limit:
            return max(standing.allowed - standing.used, Decimal(0))
    return None
