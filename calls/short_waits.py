"""How long the database may keep somebody on the telephone waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import DatabaseError, close_old_connections, connection, transaction

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]

WHILE_A_CALLER_WAITS_S: Final = 1.3
"""For one lock. A webhook takes two at most, and Twilio gives up after 15 s; the caller hears nothing meanwhile."""


@contextmanager
def own_connection() -> Iterator[None]:
    """Use a connection that is not broken in a thread that no request cleans up after.

    The thread keeps that to SQLite: opening and closing the file would take longer than what a call asks of it.
    """
    close_old_connections()
    try:
        yield
    except DatabaseError:
        connection.close()  # it may be broken: the next block starts afresh
        raise
    finally:
        if connection.vendor == "sqlite":
            connection.close_at = None
        close_old_connections()


@contextmanager
def waits_for_locks_at_most(seconds: float = WHILE_A_CALLER_WAITS_S) -> Iterator[None]:
    """Have the database give up sooner on a lock that another process holds. It then raises `OperationalError`.

    SQLite locks everything for one writer, and PostgreSQL the rows that somebody has changed and not yet committed.
    """
    if connection.vendor == "postgresql" and connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
        with connection.execute_wrapper(_InEachTransaction(seconds)):
            yield
        return
    _set_timeout(seconds)
    try:
        yield
    finally:
        _set_timeout(None)


class _InEachTransaction:
    """Sets the time for each transaction of the block, and for each statement that would be one by itself.

    Behind PgBouncer (`DATABASE_TRANSACTION_POOLING`) what is set for a session stays with a connection to PostgreSQL
    that the next transaction of somebody else gets, and is unset on another.
    """

    def __init__(self, seconds: float) -> None:
        self._statement = f"SET LOCAL lock_timeout = {round(seconds * 1000)}"

    def __call__(self, execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Run a statement of the block."""
        if not connection.in_atomic_block:
            with transaction.atomic():
                return self(execute, sql, params, many, context)
        psycopgs = connection.connection
        if psycopgs.info.transaction_status.name == "IDLE":  # nothing was said since it began
            psycopgs.execute(self._statement)
        return execute(sql, params, many, context)


def _set_timeout(seconds: float | None) -> None:
    """Set how long this connection waits for a lock; None: as long as ever."""
    options: dict[str, Any] = connection.settings_dict["OPTIONS"]
    if connection.vendor == "sqlite":  # a PRAGMA takes no parameters
        _run(f"PRAGMA busy_timeout = {round((options.get('timeout', 5.0) if seconds is None else seconds) * 1000)}")
    elif connection.vendor == "postgresql":
        _run("RESET lock_timeout" if seconds is None else f"SET lock_timeout = {round(seconds * 1000)}")


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
