"""The counts of large broadcasts that are over, kept until one of their people moves.

They are counted from the rows like all others (`counts`), but a list of twenty broadcasts to 100,000 people would count
two million at each look. So what was counted is kept at the head of the broadcast's course, under its lock: whoever
moves people of a broadcast that is over takes this lock last, and forgets it (`course`). Either the move is committed
before the count, and counted, or it finds the tally and removes it.

While somebody of a broadcast may still be moved by other hands, nothing is kept: it is under way, reopened (its `epoch`
has grown), or the outcome of a message is unknown.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from whatsapp.broadcasts.counts import Counts, counts_of_many
from whatsapp.models import Broadcast, BroadcastCourse
from whatsapp.states import OPEN, BroadcastStatus, RecipientStatus

MANY_PEOPLE = 2_000
"""Of fewer, counting costs no more than keeping."""
KEPT = timedelta(days=1)
"""During an upgrade a process of the version before moves people and forgets nothing."""
OVER = (BroadcastStatus.COMPLETED, BroadcastStatus.CANCELLED)
_MOVED_BY_OTHERS = (*OPEN, RecipientStatus.UNKNOWN)


def counts_of_broadcasts(broadcasts: Collection[Broadcast]) -> dict[UUID, Counts]:
    """Returns the counts of several broadcasts. One query, and one more if large ones that are over are among them."""
    large = {each.pk: each for each in broadcasts if each.status in OVER and (each.total or 0) >= MANY_PEOPLE}
    known = _kept(large) if large else {}
    if others := [each.pk for each in broadcasts if each.pk not in known]:
        known |= _counted(others, {key: each for key, each in large.items() if key not in known})
    return known


def _kept(large: dict[UUID, Broadcast]) -> dict[UUID, Counts]:
    heads = BroadcastCourse.objects.filter(broadcast__in=large.keys(), tallied_at__gt=Now() - KEPT, tally__isnull=False)
    tallies: dict[UUID, Any] = dict(heads.values_list("broadcast_id", "tally"))
    found = {key: _counts_in(tally) for key, tally in tallies.items() if tally["epoch"] == large[key].epoch}
    return {key: counts for key, counts in found.items() if counts.total == large[key].total}


def _counts_in(tally: Any) -> Counts:
    return Counts({state: tally["people"].get(state.value, 0) for state in RecipientStatus})


def _counted(broadcasts: Collection[UUID], to_keep: dict[UUID, Broadcast]) -> dict[UUID, Counts]:
    if not to_keep:
        return counts_of_many(broadcasts)
    with transaction.atomic():
        heads = BroadcastCourse.objects.filter(broadcast__in=to_keep.keys()).order_by("broadcast")
        locked = list(heads.select_for_update(of=("self",), no_key=True, skip_locked=True))
        found = counts_of_many(broadcasts)
        sure = [head for head in locked if _is_sure(found[head.broadcast_id])]
        for head in sure:
            people = {state.value: number for state, number in found[head.broadcast_id].by_state.items() if number}
            head.tally = {"epoch": to_keep[head.broadcast_id].epoch, "people": people}
            head.tallied_at = Now()
        BroadcastCourse.objects.bulk_update(sure, ["tally", "tallied_at"])
    return found


def _is_sure(counts: Counts) -> bool:
    return not any(counts.by_state[state] for state in _MOVED_BY_OTHERS)
