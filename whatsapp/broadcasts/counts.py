"""The number of a broadcast's people in each state. Counted from the rows, so the sum is always right."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count

from businesses.tenancy import across_businesses
from whatsapp.models import Broadcast, Recipient
from whatsapp.states import OPEN, UNSETTLED, RecipientStatus


@dataclass(frozen=True, slots=True)
class Counts:
    """Number of people by state; every state has an entry."""

    by_state: dict[RecipientStatus, int]

    @property
    def total(self) -> int:
        """Number of all people, skipped ones included."""
        return sum(self.by_state.values())

    @property
    def open(self) -> int:
        """Number of people who are still to be sent to."""
        return self._sum(OPEN)

    @property
    def settling(self) -> int:
        """Number of people who were sent to, or perhaps were, and about whom a report may still come."""
        return self._sum(UNSETTLED)

    @property
    def done_percent(self) -> int:
        """Percentage of the people to reach (skipped ones are not) who have been dealt with, 0 to 100; 0 of nobody."""
        to_reach = self.total - self.by_state[RecipientStatus.SKIPPED]
        return int(100 * (to_reach - self.open) / to_reach) if to_reach else 0

    def _sum(self, states: Collection[RecipientStatus]) -> int:
        return sum(self.by_state[state] for state in states)


def counts_of(broadcast_id: uuid.UUID) -> Counts:
    """Returns the counts of one broadcast."""
    return counts_of_many([broadcast_id])[broadcast_id]


def counts_of_many(broadcast_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Counts]:
    """Returns the counts of several broadcasts, from one query that reads nothing but an index."""
    own = Broadcast.objects.filter(pk__in=broadcast_ids)
    found: defaultdict[uuid.UUID, dict[str, int]] = defaultdict(dict)
    with across_businesses():  # whose rows they are is asked of the broadcasts: of each person, it would read the row
        rows = Recipient.objects.filter(broadcast__in=own).order_by().values_list("broadcast_id", "status")
        for broadcast_id, status, people in rows.annotate(people=Count("pk")):
            found[broadcast_id][status] = people
    return {
        broadcast_id: Counts({state: found[broadcast_id].get(state, 0) for state in RecipientStatus})
        for broadcast_id in broadcast_ids
    }
