"""What the log says of a database that is away: one line that it is, one that it is back, and nothing in between.

Everything that a worker does then fails with the same error, several times a second, and the traceback of a lost
connection says nothing that its name does not. So records with such an error are left out of the log. A web process
asks the database all the time (`database_watch`), which has lines of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from django.db import InterfaceError, OperationalError
from django.db.backends.signals import connection_created

from businesses.absence import Absence

logger = logging.getLogger(__name__)

_SHUTDOWNS: Final = frozenset({"57P01", "57P02", "57P03"})
"""PostgreSQL's codes for: ended by the administrator, ended by a crash, can't connect now."""
_CONNECTION: Final = "08"
"""The class of PostgreSQL's codes about connections."""


class _Known:
    absence = Absence()
    is_away_by_the_watch: Callable[[], bool] | None = None


def is_lost(error: BaseException | None) -> bool:
    """Returns whether an error says that the database can't be reached, and not that it refused what was asked."""
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    cause = error.__cause__ or error
    if getattr(cause, "sqlite_errorcode", None) is not None:
        return False
    if isinstance(error, InterfaceError):
        return "connection" in str(error)  # others are mistakes, such as a cursor that was closed
    code = getattr(cause, "sqlstate", None)
    return code is None or code in _SHUTDOWNS or str(code).startswith(_CONNECTION)


def _is_pool_empty(cause: BaseException | None) -> bool:
    """Returns whether too many use a database that is there."""
    from psycopg_pool import PoolTimeout, TooManyRequests  # noqa: PLC0415 - 9 MB, and nobody gets here with SQLite

    return isinstance(cause, (PoolTimeout, TooManyRequests))


def leave_to(is_away: Callable[[], bool]) -> None:
    """Say nothing of it in this process any more: its watch does, and knows whether the database is away."""
    _Known.is_away_by_the_watch = is_away


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Returns False for records of a lost connection. The first of them is told in a line of its own."""
    error = record.exc_info[1] if record.exc_info else None
    if not is_lost(error):
        return True
    if _Known.is_away_by_the_watch is not None:
        return not _Known.is_away_by_the_watch()
    if _is_pool_empty(error.__cause__ if error else None):
        return True
    if _Known.absence.begins():
        logger.error("The database is away (%s): what is to be done waits", type(error).__name__)
    return False


def _is_over(**_signal: Any) -> None:
    if (away_s := _Known.absence.ends()) is not None:
        logger.warning("The database is back after %.1f s", away_s)


connection_created.connect(_is_over, dispatch_uid="database_absence")
