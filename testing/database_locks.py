"""Another process that holds the locks which calls need."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from testing.servers import Process


@contextmanager
def locked(process: Process) -> Iterator[None]:
    """Hold SQLite's one lock, or the rows of all businesses and calls, on the database of this process."""
    address = process.environment["DATABASE_URL"]
    if not address.startswith("sqlite"):
        with psycopg.connect(address) as rows:
            rows.execute("SELECT 1 FROM businesses_business FOR UPDATE")
            rows.execute("SELECT 1 FROM calls_call FOR UPDATE")
            yield
            rows.rollback()
        return
    holder = sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


@contextmanager
def rows_are_added(process: Process) -> Iterator[None]:
    """Hold the locks of a transaction that adds rows to all businesses and calls, as a broadcast's does. PostgreSQL."""
    with psycopg.connect(process.environment["DATABASE_URL"]) as rows:
        for table in ("businesses_business", "calls_call"):  # the check of a foreign key takes it, until the commit
            rows.execute(f"SELECT 1 FROM {table} FOR KEY SHARE")  # noqa: S608 - no input
        yield
        rows.rollback()
