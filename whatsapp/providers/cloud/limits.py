"""Meta's terms for how much a number may send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

THROUGHPUT_MPS = {"STANDARD": 80, "HIGH": 1000}
"""Messages per second, by the `level` in a number's `throughput`."""

DAILY_LIMIT = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_1K": 1000,
    "TIER_2K": 2000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
}
"""Unique people in 24 h, by messaging limit tier. TIER_UNLIMITED is left out on purpose."""


def daily_limit(value: Any) -> int | None:
    """Returns unique people per 24 h, from `TIER_2K`, `2000` or `{"limit": …}`; None for no limit or no statement."""
    if isinstance(value, Mapping):
        value = value.get("limit") or value.get("tier")
    text = str(value or "").upper()
    return int(text) if text.isdigit() else DAILY_LIMIT.get(text)
