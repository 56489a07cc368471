"""Queries that every wave asks anew and whose answers seldom change.

Django writes them once, PostgreSQL is asked all of them at once, and objects are made again only when a row is not the
same any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet

Queries = Mapping[str, QuerySet[Any]]
Rows = Sequence[tuple[Any, ...]]


class Remembered:
    """The answers to some queries, by name. They are always what the database holds at the moment of reading."""

    def __init__(self, queries: Callable[[], Queries]) -> None:
        self._queries = queries
        self._written: dict[str, tuple[str, tuple[Any, ...]]] = {}
        self._seen: dict[str, Rows] = {}
        self._objects: dict[str, Sequence[Any]] = {}

    def read(self) -> Mapping[str, Sequence[Any]]:
        """Returns the objects of each query. They are those of the time before if no row has changed since."""
        if not self._written:
            self._written = {name: query.query.sql_with_params() for name, query in self._queries().items()}
        seen = dict(zip(self._written, self._rows(), strict=True))
        if seen != self._seen:
            self._objects = {name: _objects(query, seen[name]) for name, query in self._queries().items()}
            self._seen = seen
        return self._objects

    def forget(self) -> None:
        """Make new objects the next time: somebody may have changed these without changing their rows."""
        self._seen = {}

    def _rows(self) -> Sequence[Rows]:
        with connection.cursor() as cursor:
            if connection.vendor != "postgresql":
                return [cursor.execute(*each).fetchall() for each in self._written.values()]
            texts, values = zip(*self._written.values(), strict=True)
            cursor.execute("; ".join(texts), [value for some in values for value in some])
            found = [cursor.fetchall()]
            while cursor.nextset():
                found.append(cursor.fetchall())
            return found


def _objects(query: QuerySet[Any], rows: Rows) -> Sequence[Any]:
    """Returns the objects of a query that was answered already, made by Django as ever."""
    compiler: Any = query.query.get_compiler(query.db)
    compiler.as_sql()  # finds out which columns are whose
    compiler.execute_sql = lambda **_how: [rows]
    query.query.get_compiler = lambda *_given, **_named: compiler  # type: ignore[method-assign]
    return list(query)
