"""Who a phone number belongs to, and noting it: the apps that know people register here, and any page can ask."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from businesses.models import Business


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person whom the business knows: the name, and the address of their page."""

    name: str
    url: str


class Noted(StrEnum):
    """What noting a person has done."""

    NOTED = "noted"
    """They were added, or something that was missing of them was."""
    KNOWN = "known"
    """Everything was there; nothing has changed."""
    NO_NUMBER = "no_number"
    """Nobody can be noted by this number."""


class AddressBook(Protocol):
    """What the app that keeps contacts offers to those that only know a number."""

    def tags(self, business: Business) -> list[str]:
        """See `tags`."""
        ...

    def tags_of(self, business: Business, number: str) -> list[str]:
        """See `tags_of`."""
        ...

    def note(self, business: Business, number: str, *, name: str, tag: str) -> Noted:
        """See `note`."""
        ...


Find = Callable[[Business, Collection[str]], dict[str, KnownPerson]]
Search = Callable[[Business, str], Collection[str]]

_find: list[Find] = []
_search: list[Search] = []
_book: list[AddressBook] = []


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


def keep(book: AddressBook) -> None:
    """Let `book` note people and tell their tags."""
    _book[:] = [book]


def tags(business: Business) -> list[str]:
    """Returns the tags that the business gives people, by name."""
    return [tag for book in _book for tag in book.tags(business)]


def tags_of(business: Business, number: str) -> list[str]:
    """Returns the tags of whoever has this number (+E.164), by name."""
    return [tag for book in _book for tag in book.tags_of(business, number)]


def note(business: Business, number: str, *, name: str, tag: str = "") -> Noted:
    """Add a person by their number (+E.164), or what is missing of them; what is there is never overwritten."""
    return _book[0].note(business, number, name=name, tag=tag) if _book and number else Noted.NO_NUMBER
