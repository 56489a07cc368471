"""How the addresses are from which calendars are read, for `/metrics`. No address is among it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce
from prometheus_client.core import GaugeMetricFamily, Metric

from businesses.models import CalendarSource


@dataclass(frozen=True, slots=True)
class CalendarSources:
    """`addresses`: `well`, or `failing`: the last try read nothing.

    `oldest_s`: how long ago the last good reading of an address is, of the one where that is longest. One that was
    never read counts since it was entered. 0 if there is none.
    """

    addresses: dict[str, int]
    oldest_s: float


def read(at: datetime) -> CalendarSources:
    """Returns how it is at a moment, in one query. Expects to look across businesses. Raises `DatabaseError`."""
    found = CalendarSource.objects.aggregate(
        well=Count("pk", filter=Q(problem="")),
        failing=Count("pk", filter=~Q(problem="")),
        oldest=Min(Coalesce("worked_at", "added_at")),
    )
    oldest = found.pop("oldest")
    return CalendarSources(found, max((at - oldest).total_seconds(), 0.0) if oldest else 0.0)


def families(known: CalendarSources | None) -> Iterable[Metric]:
    """Returns the families, with what is known."""
    addresses = GaugeMetricFamily(
        "frontdesk_calendar_sources", "Addresses from which calendars are read", labels=["state"]
    )
    oldest = GaugeMetricFamily(
        "frontdesk_calendar_sources_oldest_seconds", "Since the last good reading that is longest ago"
    )
    if known is not None:
        for state, amount in known.addresses.items():
            addresses.add_metric([state], amount)
        oldest.add_metric([], known.oldest_s)
    yield from (addresses, oldest)
