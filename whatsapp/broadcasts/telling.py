"""Tells a business's own systems that a broadcast has ended."""

from __future__ import annotations

from datetime import datetime

from businesses.happenings import Happening, happened
from whatsapp.broadcasts import counts
from whatsapp.models import Broadcast
from whatsapp.states import BroadcastStatus


def finished(broadcast: Broadcast, status: BroadcastStatus, *, now: datetime) -> None:
    """Have it told, with the number of people in each state. Call it in the transaction that ends it."""
    people = counts.counts_of(broadcast.pk).by_state
    data = {
        "id": str(broadcast.pk),
        "name": broadcast.name,
        "status": status.value,
        "people": {state.value: number for state, number in people.items() if number},
    }
    happened(broadcast.business, Happening.BROADCAST_FINISHED, data, now=now)
