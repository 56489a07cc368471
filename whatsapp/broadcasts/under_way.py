"""The broadcasts of a business that are under way, with their counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, When

from businesses.models import Business
from whatsapp.broadcasts.counts import Counts
from whatsapp.broadcasts.lifecycle import NOT_STARTED
from whatsapp.broadcasts.tallies import counts_of_broadcasts
from whatsapp.models import Broadcast
from whatsapp.states import LIVE_BROADCASTS, BroadcastStatus

MOST_SHOWN = 10
MOST_READ = 40
_UNDER_WAY = (*LIVE_BROADCASTS, BroadcastStatus.CANCELLING)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A broadcast with the counts of its people."""

    broadcast: Broadcast
    counts: Counts

    @property
    def has_begun(self) -> bool:
        """Whether it was started: before that there is no progress."""
        return self.broadcast.status not in NOT_STARTED

    @property
    def done_percent(self) -> int:
        """Percentage of the people to reach who have been dealt with, whether the message arrived or not."""
        return self.counts.done_percent


def with_counts(broadcasts: list[Broadcast]) -> list[UnderWay]:
    """Returns broadcasts with their counts; takes a query or two, or none for no broadcast."""
    if not broadcasts:
        return []
    counts = counts_of_broadcasts(broadcasts)
    return [UnderWay(broadcast, counts[broadcast.pk]) for broadcast in broadcasts]


def not_over(business: Business) -> list[Broadcast]:
    """Returns broadcasts that are under way, or wait for a person because they could not start, with their templates.

    Those under way come first, and each kind has the newest first; not more than `MOST_READ`. One query.
    """
    stuck = (BroadcastStatus.MISSED, BroadcastStatus.FAILED)
    found = Broadcast.objects.filter(business=business, status__in=[*_UNDER_WAY, *stuck])
    is_stuck = Case(When(status__in=stuck, then=1), default=0)
    return list(found.select_related("template").order_by(is_stuck, "-created_at")[:MOST_READ])


def under_way(broadcasts: Iterable[Broadcast]) -> list[UnderWay]:
    """Returns running, preparing, scheduled and paused ones of these broadcasts, the first `MOST_SHOWN`."""
    return with_counts([broadcast for broadcast in broadcasts if broadcast.status in _UNDER_WAY][:MOST_SHOWN])
