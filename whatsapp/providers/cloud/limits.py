"""Meta's terms for how much a number may send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from whatsapp.providers.events import NO_LIMIT

THROUGHPUT_MPS = {"STANDARD": 80, "HIGH": 1000}
"""Messages per second, by the `level` in a number's `throughput`."""

DAILY_LIMIT = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_1K": 1000,
    "TIER_2K": 2000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
    "TIER_UNLIMITED": NO_LIMIT,
    "UNLIMITED": NO_LIMIT,
    "-1": NO_LIMIT,
}
"""Unique people in 24 h, by messaging limit tier or in the words of the older webhooks."""
MOST = 2_000_000_000


def daily_limit(value: Any) -> int | None:
    """Returns unique people per 24 h, from `TIER_2K`, `2000` or `{"limit": …}`.

    `NO_LIMIT` if Meta says that there is none, None if it says nothing.
    """
    if isinstance(value, Mapping):
        value = value.get("limit") or value.get("tier")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip().upper().removesuffix(".0")
    if text.isdecimal():
        people = int(text[:20])
        return NO_LIMIT if people > MOST else people or None
    return DAILY_LIMIT.get(text)
