"""What may be remembered for a while to save a query. A cache that is away remembers nothing, and nothing fails."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from django.core.cache import cache
from redis import RedisError

Found = TypeVar("Found")


def remembered(
    key: str, seconds: int, find: Callable[[], Found], *, is_worth_it: Callable[[Found], bool] = lambda _found: True
) -> Found:
    """Returns what is remembered under a key, else what is found now; that is then remembered, if it is worth it."""
    try:
        known: Found | None = cache.get(key)
    except (RedisError, OSError):
        return find()  # away: it would not take anything either
    if known is not None:
        return known
    found = find()
    if is_worth_it(found):
        with suppress(RedisError, OSError):
            cache.set(key, found, seconds)
    return found


def forget_remembered(key: str) -> None:
    """Find it anew the next time."""
    with suppress(RedisError, OSError):
        cache.delete(key)
