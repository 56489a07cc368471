"""When a number was last called: the app that keeps calls registers here, and pages of numbers ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from businesses.models import Business

Asked = Callable[[Business], Mapping[str, datetime]]

_asked: list[Asked] = []


def register(asked: Asked) -> None:
    """Let `asked` tell when the last call came to each of a business's numbers (+E.164)."""
    if asked not in _asked:
        _asked.append(asked)


def last_calls(business: Business) -> dict[str, datetime]:
    """Returns when the last call came, by the number that was called; a number that nobody called is not in it."""
    found: dict[str, datetime] = {}
    for asked in _asked:
        found |= asked(business)
    return found
