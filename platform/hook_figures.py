"""What waits for, and what became of, messages to businesses' own systems, for `/metrics`. No address is among it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Min
from prometheus_client.core import GaugeMetricFamily, Metric

from businesses.models import DeliveryState, SwitchedOff, WebhookDelivery, WebhookEndpoint

LATELY: Final = timedelta(hours=1)
ENDED: Final = (DeliveryState.DELIVERED, DeliveryState.FAILED)
ADDRESSES: Final = ("well", "failing", *SwitchedOff.values)


@dataclass(frozen=True, slots=True)
class Hooks:
    """`addresses`: by how they are, or why they are off. `ended`: messages of the last hour by what became of them.

    `oldest_s`: how long ago what is told last happened, among what an address has not accepted yet; 0 if nothing waits.
    """

    addresses: dict[str, int]
    ended: dict[str, int]
    oldest_s: float


def read(at: datetime) -> Hooks:
    """Returns how it is at a moment, in three queries. Expects to look across businesses. Raises `DatabaseError`."""
    addresses = dict.fromkeys(ADDRESSES, 0)
    states = WebhookEndpoint.objects.order_by().values_list("is_on", "off_because")
    for is_on, because, amount, failing in states.annotate(amount=Count("pk"), failing=Count("failing_since")):
        if is_on:
            addresses["well"] += amount - failing
            addresses["failing"] += failing
        else:
            addresses[because or SwitchedOff.BY_MEMBER] += amount
    lately = WebhookDelivery.objects.filter(finished_at__gt=at - LATELY).order_by().values_list("state")
    ended = {state.value: 0 for state in ENDED} | dict(lately.annotate(amount=Count("pk")))
    waiting = WebhookDelivery.objects.filter(state=DeliveryState.WAITING, endpoint__is_on=True)
    oldest = waiting.aggregate(oldest=Min("happened_at"))["oldest"]
    return Hooks(addresses, ended, max((at - oldest).total_seconds(), 0.0) if oldest else 0.0)


def families(known: Hooks | None) -> Iterable[Metric]:
    """Returns the families, with what is known."""
    addresses = GaugeMetricFamily("frontdesk_hook_addresses", "Addresses of businesses' own systems", labels=["state"])
    ended = GaugeMetricFamily(
        "frontdesk_hook_messages_lately", "Messages to them, of the last hour, by what became of them", labels=["state"]
    )
    oldest = GaugeMetricFamily("frontdesk_hook_oldest_seconds", "Since the oldest that no address has accepted yet")
    if known is not None:
        for state, amount in known.addresses.items():
            addresses.add_metric([state], amount)
        for state, amount in known.ended.items():
            ended.add_metric([state], amount)
        oldest.add_metric([], known.oldest_s)
    yield from (addresses, ended, oldest)
