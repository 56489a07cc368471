"""The broadcasts of a business that are under way, with their counts."""

from __future__ import annotations

from dataclasses import dataclass

from businesses.models import Business
from whatsapp.broadcasts.counts import Counts, counts_of_many
from whatsapp.models import Broadcast
from whatsapp.states import LIVE_BROADCASTS, BroadcastStatus

MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A broadcast with the counts of its people."""

    broadcast: Broadcast
    counts: Counts

    @property
    def done_percent(self) -> int:
        """Percentage of the people who can get a message and have been dealt with, whether it arrived or not."""
        return self.counts.done_percent


def with_counts(broadcasts: list[Broadcast]) -> list[UnderWay]:
    """Returns broadcasts with their counts; takes one query."""
    counts = counts_of_many([broadcast.pk for broadcast in broadcasts])
    return [UnderWay(broadcast, counts[broadcast.pk]) for broadcast in broadcasts]


def broadcasts_under_way(business: Business) -> list[UnderWay]:
    """Returns running, preparing, scheduled and paused broadcasts, the newest first."""
    live = Broadcast.objects.filter(business=business, status__in=[*LIVE_BROADCASTS, BroadcastStatus.CANCELLING])
    return with_counts(list(live.order_by("-created_at")[:MOST_SHOWN]))
