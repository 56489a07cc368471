"""Django's `migrate`, safe to run from several machines at once: the second waits, and then finds nothing to do."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

LOCK_KEY = 7_368_105_221  # any number, the same on every machine, that no other advisory lock of this database has


class Command(migrate.Command):
    """Django's command, one at a time per database."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Wait for whoever is migrating this database, then migrate."""
        with one_at_a_time(connections[options["database"]]):
            super().handle(*args, **options)


@contextmanager
def one_at_a_time(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Hold the database's migration lock. PostgreSQL frees it also when the process dies, the kernel a file's."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])
        return
    with (settings.VAR_DIR / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
