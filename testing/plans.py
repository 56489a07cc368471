"""How PostgreSQL would find the rows of the statements that run: which of them read a large table from end to end.

For `tests/test_plans.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

_PLANNED = ("SELECT", "UPDATE", "DELETE", "WITH")


class Plans:
    """The statements of a block that read one of `tables` from end to end, without their values, by path."""

    def __init__(self, tables: Collection[str]) -> None:
        self._tables = frozenset(tables)
        self.whole: dict[str, set[str]] = {}
        self.seen = 0
        self._path = ""

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Look at the plan of a statement, and run it."""
        statement = str(sql)
        if (
            self._path
            and not many
            and statement.startswith(_PLANNED)
            and any(name in statement for name in self._tables)
        ):
            self.seen += 1
            for table in self._read_whole(statement, params, context["connection"].connection):
                self.whole.setdefault(self._path, set()).add(f"{table}: {' '.join(statement.split())}")
        return execute(sql, params, many, context)

    def _read_whole(self, statement: str, params: Any, raw: Any) -> Iterator[str]:
        for node in nodes(statement, params, raw):
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in self._tables:
                yield node["Relation Name"]

    @contextmanager
    def of(self, path: str) -> Iterator[None]:
        """Look at the statements of the block."""
        self._path = path
        try:
            with connection.execute_wrapper(self):
                yield
        finally:
            self._path = ""


def nodes(statement: str, params: Any, raw: Any) -> Iterator[dict[str, Any]]:
    """Yields the steps of a statement's plan. `raw` is a connection of psycopg's."""
    (plan,) = raw.execute(f"EXPLAIN (FORMAT JSON) {statement}", params).fetchone()
    yield from _with_below((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"])


def _with_below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _with_below(child)
