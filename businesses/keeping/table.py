"""What becomes of the rows of every tenant model: each app registers its models' rules, and how they are carried out.

A `Rule` says of one model how long its rows are kept, and what erasing a person does to them. A `Holding` is a sort of
data about people (calls, messages …) that is counted, exported and erased together. `tests/attack/test_erasing.py`
fails for a tenant model without a rule, and for a rule that is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from django.db import models

from businesses.keeping.kinds import Kind
from businesses.keeping.person import Person
from businesses.models import Business

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Record = Mapping[str, Any]


class Because(StrEnum):
    """Why erasing a person leaves the rows of a model alone."""

    NO_PERSON = "it holds nothing about callers, contacts or recipients"
    MEMBERS = "it is about people of the business, who are removed as members"
    COUNTS = "it holds figures and the business's own words"
    FINAL = "it names a person by the last digits at most"


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of a model's rows.

    `kept`: removed (or emptied) after the days of this kind, or after a `fixed` time; neither: until the business
    removes them. `erased`: erasing
    a person removes or empties their rows; then `leaves` names the text columns that keep their value (ids and codes).
    Otherwise `because` says why nothing is to be erased.
    """

    model: type[models.Model]
    kept: Kind | None = None
    fixed: timedelta | None = None
    erased: bool = False
    leaves: frozenset[str] = frozenset()
    because: Because | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes into an export: its name there, and its content in pieces."""

    name: str
    parts: Callable[[], Iterator[bytes]]


def nothing(_person: Person) -> Sequence[Any]:
    """Returns nothing, for a holding without records or files of its own."""
    return ()


def never(_person: Person, _now: datetime) -> str:
    """Returns "": a holding that never has to wait."""
    return ""


@dataclass(frozen=True, slots=True)
class Holding:
    """A sort of data about people. All functions expect the business to be set (`acting_for`).

    `erase` takes at most so many rows, is safe to repeat, and returns how many it took: 0 when none is left.
    `waits_for` returns a code of `waits` while something is still being written about the person, else "".
    """

    code: str
    label: _StrPromise
    erase: Callable[[Person, int], int]
    rows: Callable[[Person], Sequence[models.QuerySet[Any]]] = nothing
    """The rows to be counted; all holdings are counted in one query."""
    count: Callable[[Person], int] | None = None
    """Counts what is in files, or can't be found by a query."""
    records: Callable[[Person], Iterable[Record]] = nothing
    files: Callable[[Person], Iterable[Attachment]] = nothing
    begin: Callable[[Person, datetime], None] | None = None
    """Called before anything is erased: stops what would write to the person."""
    waits_for: Callable[[Person, datetime], str] = never


class Remover(Protocol):
    """Takes at most `most` rows of a business that are older than `before`. Returns how many; 0 when none is left."""

    def __call__(self, business: Business, *, before: datetime, now: datetime, most: int) -> int:
        """Take a batch."""


Finder = Callable[[Business, UUID], Person | None]
Grower = Callable[[Business, frozenset[str]], frozenset[str]]


@dataclass(slots=True)
class _Table:
    rules: dict[type[models.Model], Rule]
    holdings: list[Holding]
    removers: list[tuple[Kind, Remover]]
    finders: dict[str, Finder]
    growers: list[Grower]
    waits: dict[str, _StrPromise]


_table = _Table({}, [], [], {}, [], {})


def register(
    *,
    rules: Sequence[Rule] = (),
    holdings: Sequence[Holding] = (),
    removers: Sequence[tuple[Kind, Remover]] = (),
    finders: Mapping[str, Finder] | None = None,
    grower: Grower | None = None,
    waits: Mapping[str, _StrPromise] | None = None,
) -> None:
    """Add what an app keeps. Called once by each app when it is ready.

    `finders` find the person of a row, by the name of its sort; `grower` adds further addresses of the same person.
    """
    _table.rules |= {rule.model: rule for rule in rules}
    _table.holdings += holdings
    _table.removers += removers
    _table.finders |= finders or {}
    _table.growers += [grower] if grower else []
    _table.waits |= waits or {}


def rules() -> Mapping[type[models.Model], Rule]:
    """Returns every model's rule."""
    return _table.rules


def holdings() -> Sequence[Holding]:
    """Returns every sort of data, in the order in which they are erased: what others are found by comes last."""
    return _table.holdings


def removers() -> Sequence[tuple[Kind, Remover]]:
    """Returns what keeps each kind's days."""
    return _table.removers


def found(sort: str, business: Business, row_id: UUID) -> Person | None:
    """Returns the person of a row, with all their addresses; None if there is no such row."""
    person = _table.finders[sort](business, row_id)
    return person and whole(person)


def whole(person: Person) -> Person:
    """Returns the person with every address that is known to be theirs."""
    addresses = person.addresses
    for grow in _table.growers:
        addresses |= grow(person.business, addresses)
    return Person(person.business, addresses, person.call)


def label_of(code: str) -> str:
    """Returns a holding's name, in the reader's language."""
    return next((str(holding.label) for holding in _table.holdings if holding.code == code), code)


def wait_in_words(code: str) -> str:
    """Returns what an erasure waits for, in the reader's language."""
    return str(_table.waits.get(code, code))
