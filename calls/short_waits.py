"""How long the database may keep somebody on the telephone waiting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection

WHILE_A_CALLER_WAITS_S: Final = 1.3
"""For one lock. A webhook takes two at most, and Twilio gives up after 15 s; the caller hears nothing meanwhile."""


@contextmanager
def waits_for_locks_at_most(seconds: float = WHILE_A_CALLER_WAITS_S) -> Iterator[None]:
    """Have the database give up sooner on a lock that another process holds. It then raises `OperationalError`.

    SQLite locks everything for one writer, and PostgreSQL the rows that somebody has changed and not yet committed.
    """
    _set_timeout(seconds)
    try:
        yield
    finally:
        _set_timeout(None)


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
