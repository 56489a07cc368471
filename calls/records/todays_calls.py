"""The figures of a business's calls today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum

from businesses.models import Business
from calls.models import Call, CallOutcome
from calls.records import finishing

MISSED = (CallOutcome.REFUSED, CallOutcome.FAILED, CallOutcome.FALLBACK)


@dataclass(frozen=True, slots=True)
class CallsToday:
    """Since midnight by the business's clock. Missed: the assistant did not, or could not, serve the caller."""

    answered: int
    missed: int
    live: int
    minutes: Decimal


def calls_today(business: Business, *, now: datetime) -> CallsToday:
    """Count the calls of the day, in one query."""
    here = now.astimezone(ZoneInfo(business.time_zone))
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    today = Q(started_at__gte=midnight)
    recent = Call.objects.filter(business=business, started_at__gte=min(midnight, now - timedelta(hours=2)))
    found = recent.aggregate(
        answered=Count("pk", filter=today & Q(stream_opened_at__isnull=False) & ~Q(outcome__in=MISSED)),
        missed=Count("pk", filter=today & Q(outcome__in=MISSED)),
        live=Count("pk", filter=finishing.holding_a_line(now=now)),
        minutes=Sum("minutes_charged", filter=today),
    )
    return CallsToday(found["answered"], found["missed"], found["live"], found["minutes"] or Decimal(0))
