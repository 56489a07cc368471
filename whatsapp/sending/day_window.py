"""When a broadcast that stopped at the 24-hour limit goes on: not before it is worth it, not later than it must. Pure.

Each person counts for 24 hours after the last message to them. If far more than the limit were reached (the limit was
lowered, or others use it, too), many must leave before one more may be reached. And people leave as they were reached,
some a second: going on for each of them would pause and resume all day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

DAY: Final = timedelta(hours=24)
PATIENCE: Final = timedelta(hours=1)
"""So long after one place is free a broadcast goes on with what there is."""
SHARE: Final = 10
"""A tenth of the limit is enough to go on with."""


def enough(limit: int, people: int) -> int:
    """Returns how many places are enough to go on for a broadcast that so many people still wait for; at least one."""
    return max(1, min(people, limit // SHARE))


def goes_on_at(leaving: Sequence[datetime], limit: int, wanted: int, now: datetime) -> datetime:
    """Returns when `wanted` places are free, or one has been for an hour.

    `leaving`: when each person who counts now stops counting, in order. With a limit of nothing it is asked again in
    a day.
    """
    over = len(leaving) - limit
    if limit < 1:
        return now + DAY
    if over < 0:
        return now
    first = leaving[over]
    return min(leaving[min(over + wanted, len(leaving)) - 1], first + PATIENCE)
