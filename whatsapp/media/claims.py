"""Which file is fetched next, and by whom: claims with a lease, as conditional updates.

A killed worker's claim runs out, and its file is fetched by another; what the killed one may still write belongs to a
token that no row has any more.

    waiting, no lease        it is due from `next_attempt_at` on
    waiting, with a lease    a worker fetches it; until `lease_until` nobody else does
    kept, failed             nobody touches it, until a member asks for it again
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, Min, Q, QuerySet

from businesses.tenancy import across_businesses
from whatsapp.models import InboundMedia, MediaStatus
from whatsapp.states import MediaProblem

FETCHERS: Final = 2
"""Files that are fetched at once in the whole installation: workers are also needed for messages."""
LEASE: Final = timedelta(minutes=5)
"""Longer than a file may take (`fetching.WHOLE_TIMEOUT_S`)."""
WAITS: Final = tuple(timedelta(seconds=s) for s in (5, 120, 1_200, 3 * 3_600, 12 * 3_600))
"""Before each further try. Meta's block after five failures within an hour is not reached by one file."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that this worker fetches."""

    media_id: uuid.UUID
    business_id: uuid.UUID
    token: uuid.UUID


def claim_next(now: datetime) -> Claim | None:
    """Claim a file that is due: of the business with the fewest under way, the one that has waited longest.

    Returns None if nothing is due, or if enough workers are fetching.
    """
    with across_businesses():  # workers serve the whole installation; each file is then fetched for its business
        leased = InboundMedia.objects.filter(status=MediaStatus.WAITING, lease_until__gte=now)
        under_way = Counter(leased.values_list("business_id", flat=True))
        if under_way.total() >= FETCHERS:
            return None
        waiting = due_rows(now).values("business_id").annotate(first=Min("next_attempt_at")).order_by("first")[:100]
        for row in sorted(waiting, key=lambda row: under_way[row["business_id"]]):
            due = due_rows(now).filter(business=row["business_id"]).order_by("next_attempt_at")
            for media_id in due.values_list("pk", flat=True)[:FETCHERS]:
                claim = Claim(media_id, row["business_id"], uuid.uuid4())
                lease = {"lease_token": claim.token, "lease_until": now + LEASE}
                if due_rows(now).filter(pk=media_id).update(**lease, tries=F("tries") + 1):
                    return claim
    return None


def due_rows(now: datetime) -> QuerySet[InboundMedia]:
    """Returns the files that are due. Expects the businesses to be set."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    taken_back = Q(message__deleted_at__isnull=False)
    waiting = InboundMedia.objects.filter(free, status=MediaStatus.WAITING, next_attempt_at__lte=now)
    return waiting.exclude(taken_back)


def settle(claim: Claim, **values: Any) -> bool:
    """Store a result and end the claim. Returns whether it still was this worker's."""
    return _end(claim, {**values, "problem": ""})


def put_off(claim: Claim, problem: MediaProblem, *, tries: int, retry_after_s: float, now: datetime) -> bool:
    """End a claim that failed: the file is tried again later, or given up after the last try."""
    if tries > len(WAITS):
        return give_up(claim, problem)
    at = now + max(WAITS[tries - 1], timedelta(seconds=retry_after_s))
    return _end(claim, {"problem": problem, "next_attempt_at": at})


def give_up(claim: Claim, problem: MediaProblem) -> bool:
    """End a claim of a file that won't come."""
    return _end(claim, {"problem": problem, "status": MediaStatus.FAILED})


def _end(claim: Claim, values: Mapping[str, Any]) -> bool:
    rows = InboundMedia.objects.filter(pk=claim.media_id, lease_token=claim.token, status=MediaStatus.WAITING)
    return bool(rows.update(**values, lease_token=None, lease_until=None))


def ask_again(media: InboundMedia, *, now: datetime) -> bool:
    """Let a file be fetched anew that was given up, or that waits for its next try. Returns whether it will be."""
    asked = InboundMedia.objects.filter(pk=media.pk, lease_token=None).exclude(status=MediaStatus.KEPT)
    return bool(asked.update(status=MediaStatus.WAITING, problem="", tries=0, next_attempt_at=now))
