"""The checks of every app, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from businesses.doctor.verdicts import Verdict

ASK_S: Final = 4.0
"""How long a check waits for one answer. The whole check is given up after `LONGEST_S`."""
LONGEST_S: Final = 5.0

DATABASE: Final = "database: answers"
TABLES: Final = "database: migrations"
ADDRESS: Final = "address: healthz"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report. `needs`: the full names of checks without which it can't be tried."""

    name: str
    ask: Callable[[], Verdict]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Checks about one subject. `checks` may look into the database, if it `needs` it."""

    subject: str
    checks: Callable[[], Iterable[Check]]
    needs: tuple[str, ...] = ()


_modules: list[str] = []
_sources: dict[tuple[str, str], Source] = {}


def look_in(*modules: str) -> None:
    """Have the `register` of modules called when somebody asks for the checks: few processes do, so none loads them."""
    _modules.extend(modules)


def register(subject: str, checks: Callable[[], Iterable[Check]], *, needs: tuple[str, ...] = ()) -> None:
    """Try what `checks` returns. Once for each function: registering it again changes nothing."""
    _sources[subject, checks.__module__] = Source(subject, checks, needs)


def sources() -> Iterator[Source]:
    """Yields every source in the order of registration."""
    while _modules:
        import_module(_modules.pop(0)).register()
    yield from _sources.values()
