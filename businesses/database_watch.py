"""Whether the database answers, asked twice a second by a thread of its own over a connection of its own.

A database that is frozen, or whose network is gone, keeps everybody waiting who asks it, and so does a SQLite file that
another process has locked. Who can't wait, because a caller does, looks here first: `is_away` is known within
`PATIENCE_S`. One line in the log says since when it is away, one that it is back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.db import DatabaseError, connections
from django.db.utils import load_backend

from businesses import database_absence
from businesses.absence import Absence

logger = logging.getLogger(__name__)

PATIENCE_S: Final = 1.5
"""A database that has not answered for so long is away."""
ASK_EVERY_S: Final = 0.5


class _Watch:
    """What is known. Written by the watching thread, read by all."""

    def __init__(self) -> None:
        self.asked_at: float | None = None
        """Since when a question waits for its answer; None while none does."""
        self.absence = Absence()


_watch = _Watch()


def is_away() -> bool:
    """Returns whether the database does not answer. Without `start`, nobody asks, and it is taken to answer."""
    if not _watch.absence:
        _notice_silence()
    return bool(_watch.absence)


def start(*meanwhile: tuple[float, Callable[[], None]]) -> None:
    """Begin to watch. While the database answers, each function is called in the same thread, every so many seconds."""
    database_absence.leave_to(is_away)
    threading.Thread(target=_ask_again_and_again, args=(meanwhile,), name="database-watch", daemon=True).start()
    threading.Thread(target=_look, name="database-watch-clock", daemon=True).start()


def _ask_again_and_again(meanwhile: Sequence[tuple[float, Callable[[], None]]]) -> None:
    connection = _own_connection()
    due_at = [0.0] * len(meanwhile)
    while True:
        began = _watch.asked_at = time.monotonic()
        try:
            _ask(connection)
            _watch.asked_at = None
            _answered()
            for number, (every_s, function) in enumerate(meanwhile):
                if began >= due_at[number]:
                    due_at[number] = began + every_s
                    function()
        except DatabaseError as error:
            _failed(type(error).__name__, began)
            connection.close()
        except Exception:
            logger.exception("What is done beside watching the database failed")
        finally:
            _watch.asked_at = None
        time.sleep(ASK_EVERY_S)


def _ask(connection: Any) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # who only reads never waits, and a call must be written
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
        else:
            cursor.execute("SELECT 1")


def _look() -> None:
    while True:
        time.sleep(ASK_EVERY_S)
        _notice_silence()


def _notice_silence() -> None:
    """Notice that an answer does not come: the asking thread waits for it."""
    asked_at = _watch.asked_at
    if asked_at is not None and time.monotonic() - asked_at > PATIENCE_S:
        _failed("no answer", asked_at)


def _failed(why: str, since: float) -> None:
    if _watch.absence.begins(since=since):
        logger.error("The database is away (%s): callers are put through from memory, records wait", why)


def _answered() -> None:
    if (away_s := _watch.absence.ends()) is not None:
        logger.warning("The database is back after %.1f s", away_s)


def _own_connection() -> Any:
    """Returns a connection beside the pool, which may be in use to its last place."""
    database: dict[str, Any] = connections.databases["default"]
    options = {name: value for name, value in database.get("OPTIONS", {}).items() if name != "pool"}
    return load_backend(str(database["ENGINE"])).DatabaseWrapper({**database, "OPTIONS": options}, "watch")
