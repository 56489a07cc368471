"""Django's `migrate`, safe to run on several machines at once: the second waits and finds nothing to do."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from frontdesk import private_files

LOCK_KEY = 7_368_105_221  # an arbitrary number that no other advisory lock of this database uses
ASK_EVERY_S = 0.2


class Command(migrate.Command):
    """Django's command, run by one process at a time per database."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Wait until no other process migrates this database, then migrate."""
        with one_at_a_time(connections[options["database"]]):
            super().handle(*args, **options)
        private_files.tighten()


@contextmanager
def transaction_of(connection: BaseDatabaseWrapper) -> Iterator[CursorWrapper]:
    """Begin a transaction on a connection that Django does not know, and end it with the block."""
    connection.set_autocommit(False)
    with connection.cursor() as cursor:
        try:
            yield cursor
        finally:
            connection.rollback()


@contextmanager
def one_at_a_time(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Hold the migration lock. PostgreSQL, or the kernel for SQLite's file, releases it if the process dies.

    It is a transaction's lock, held by a second connection: behind PgBouncer a session belongs to nobody.
    """
    if connection.vendor == "postgresql":
        with closing(connection.copy()) as holding, transaction_of(holding) as cursor:
            _take(cursor)
            yield
        return
    with (settings.VAR_DIR / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _take(cursor: CursorWrapper) -> None:
    """Take the lock, by asking again and again.

    A statement that waits for it has a snapshot all the while, and an index that the other process builds concurrently
    waits for every older snapshot: the two would wait for each other for ever.
    """
    while True:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK_KEY])
        if cursor.fetchone() == (True,):
            return
        time.sleep(ASK_EVERY_S)
