"""Numbers beside the entries of the navigation: what waits for somebody. The apps register what they count.

They are counted at most once in `KEPT_S` for a business, so that a page costs no query for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from businesses.models import Business
from businesses.remembered import forget_remembered, remembered

KEPT_S = 15
MOST = 99
"""A larger number is shown as "99+"."""

Count = Callable[[Business], int]


@dataclass(frozen=True, slots=True)
class _Source:
    words: Promise | str
    count: Count


@dataclass(frozen=True, slots=True)
class Badge:
    """A number and what it counts, for screen readers."""

    number: int
    words: str

    @property
    def shown(self) -> str:
        """The number, cut."""
        return f"{MOST}+" if self.number > MOST else str(self.number)


_sources: dict[str, _Source] = {}


def register(section: str, words: Promise | str, count: Count) -> None:
    """Show what `count` returns beside this entry of the navigation, unless it is 0. It may stop behind `MOST`."""
    _sources[section] = _Source(words, count)


def badges_of(business: Business) -> dict[str, Badge]:
    """Returns the badges by section. Call it while acting for the business."""
    numbers = remembered(_key(business), KEPT_S, lambda: _counted(business))
    return {name: Badge(number, str(_sources[name].words)) for name, number in numbers.items() if number}


def forget(business: Business) -> None:
    """Count again for the next page: a member has just done what the number waits for."""
    forget_remembered(_key(business))


def _key(business: Business) -> str:
    return f"badges-{business.pk.hex}"


def _counted(business: Business) -> dict[str, int]:
    return {name: source.count(business) for name, source in _sources.items()}
