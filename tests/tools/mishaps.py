"""What can happen to one transaction: a mistake in it, a database that is lost, a process that is killed.

It strikes at a statement of the transaction, or at its commit: before that took effect, or after, so that only the
answer is lost. Nobody can see from here which of these two it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any
from unittest.mock import patch

from django.db import OperationalError, connection

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


class Killed(BaseException):
    """The process ends here: nobody catches that."""


class Kind(Enum):
    """What happens."""

    MISTAKE = RuntimeError
    LOST = OperationalError
    KILLED = Killed


class Commit(Enum):
    """Where the commit is struck."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Mishap:
    """`at`: the number of a statement, where there are so many, or the commit. `lasts`: a database stays lost."""

    kind: Kind
    at: int | Commit
    lasts: bool = False


class _Struck:
    """This thread's connection while a mishap waits for it."""

    def __init__(self, mishap: Mishap) -> None:
        self._mishap = mishap
        self._statements = 0
        self._has_struck = False
        self._is_lost = False
        wrapper: Any = connection  # both are Django's own, and every backend has them
        self._commits, self._rolls_back = wrapper._commit, wrapper._rollback

    def statement(self, execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Run a statement, or not."""
        if self._is_lost:
            raise OperationalError("the database is lost")
        if connection.in_atomic_block:
            self._statements += 1
            if self._statements == self._mishap.at:
                self._strike()
        return execute(sql, params, many, context)

    def commit(self) -> None:
        """Commit, and say so, or not."""
        if self._mishap.at is Commit.BEFORE:
            self._strike()
        self._commits()
        if self._mishap.at is Commit.AFTER:
            self._strike()

    def rollback(self) -> None:
        """Roll back, as the database does when it loses a client. The next statement is another connection's."""
        self._is_lost = self._is_lost and self._mishap.lasts
        self._rolls_back()

    def _strike(self) -> None:
        if not self._has_struck:
            self._has_struck, self._is_lost = True, self._mishap.kind is Kind.LOST
            raise self._mishap.kind.value(f"struck at {self._mishap.at}")


@contextmanager
def striking(mishap: Mishap | None) -> Iterator[None]:
    """Let a mishap happen to this thread's next transaction."""
    if mishap is None:
        yield
        return
    struck = _Struck(mishap)
    commits = patch.object(connection, "_commit", struck.commit)
    rolls_back = patch.object(connection, "_rollback", struck.rollback)
    with commits, rolls_back, connection.execute_wrapper(struck.statement):
        yield
