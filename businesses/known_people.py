"""Who a phone number belongs to: the apps that know names register here, and any page can ask."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from businesses.models import Business


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person whom the business knows: the name, and the address of their page."""

    name: str
    url: str


Find = Callable[[Business, Collection[str]], dict[str, KnownPerson]]
Search = Callable[[Business, str], Collection[str]]

_find: list[Find] = []
_search: list[Search] = []


def register(find: Find, search: Search) -> None:
    """Let `find` name the owners of numbers, and `search` return the numbers of people whose name has these words."""
    if find not in _find:
        _find.append(find)
        _search.append(search)


def people_with(business: Business, numbers: Collection[str]) -> dict[str, KnownPerson]:
    """Returns the known owners of numbers (+E.164), by number. Each app that knows people asks once."""
    wanted = {number for number in numbers if number.startswith("+")}
    found: dict[str, KnownPerson] = {}
    for find in _find:
        found |= find(business, wanted) if wanted else {}
    return found


def numbers_of(business: Business, words: str) -> list[str]:
    """Returns the numbers of known people whose name has these words."""
    return [number for search in _search for number in search(business, words)]
