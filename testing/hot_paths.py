"""The SQL of requests and of the work behind them, and whether it names the business.

For `tests/test_business_in_queries.py`. It is captured whichever thread of this process runs it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.apps import apps
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

OUR_APPS: Final = ("businesses", "calls", "whatsapp")
_NAMES: Final = re.compile(r'business_id"?\s*(=|IN\b)|"businesses_business"\."id" (=|IN\b)')
_COMPARED: Final = re.compile(r'(\w+)"?\s*(?:=|IN\b|<=?|>=?|IS\b)')
_MAIN_TABLE: Final = re.compile(r'(?:^SELECT\b.*? FROM|^WITH\b.*? UPDATE|^UPDATE|^INSERT INTO|^DELETE FROM) "?(\w+)')


class Captured:
    """Statements, without their values, by the path on which they ran."""

    def __init__(self) -> None:
        self.statements: dict[str, set[str]] = defaultdict(set)
        self._path = ""

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Note a statement, and run it."""
        if self._path:
            self.statements[self._path].add(" ".join(str(sql).split()))
        return execute(sql, params, many, context)

    @contextmanager
    def on(self, path: str) -> Iterator[None]:
        """Note the statements of the block as this path's."""
        self._path = path
        try:
            yield
        finally:
            self._path = ""


@contextmanager
def captured() -> Iterator[Captured]:
    """Capture on this thread's connection, and on all that other threads open meanwhile."""
    found = Captured()

    def on_new(*, connection: BaseDatabaseWrapper, **_about: Any) -> None:
        connection.execute_wrappers.append(found)

    connection_created.connect(on_new, weak=False)
    with connection.execute_wrapper(found):
        try:
            yield found
        finally:
            connection_created.disconnect(on_new)


def without_business(statements: set[str]) -> set[str]:
    """Returns what those statements on our tables do that name no business: the verb, the table, the columns asked by.

    A statement names it by comparing `business_id`, or the id of the business, in its WHERE; an INSERT by the column.
    """
    ours = {model._meta.db_table for model in apps.get_models() if model._meta.app_label in OUR_APPS}
    return {_short(each) for each in statements if ours.intersection(re.findall(r"\w+", each)) and not _names(each)}


def _names(statement: str) -> bool:
    if statement.startswith("INSERT"):
        return "business_id" in statement.partition(")")[0]
    return bool(_NAMES.search(_where(statement)))


def _where(statement: str) -> str:
    return statement.partition(" WHERE ")[2].partition(" ORDER BY ")[0]


def _short(statement: str) -> str:
    table = _MAIN_TABLE.search(statement)
    assert table, f"what does this do? {statement}"
    verb = statement.partition(" ")[0].replace("WITH", "UPDATE")
    return f"{verb} {table[1]}: {' '.join(sorted(set(_COMPARED.findall(_where(statement)))))}".removesuffix(": ")
