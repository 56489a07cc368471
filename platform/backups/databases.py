"""Copying the whole database into a file while it is in use, and back: by SQLite's backup API, or by pg_dump."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from businesses import heartbeats
from frontdesk.backups.manifest import BadBackup

FILES: Final = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
_MIGRATIONS_TABLE: Final = "django_migrations"
_PEOPLE: Final = ("businesses_business", "businesses_user")
_SHOWN: Final = 500
_FUNCTIONS: Final = """
    SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND NOT EXISTS (
        SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e'
    )
"""
"""Those of triggers, without an extension's."""
_TYPES: Final = """
    SELECT oid::regtype::text FROM pg_type WHERE typtype = 'r' AND typnamespace = current_schema()::regnamespace AND NOT
    EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_type.oid AND deptype = 'e')
"""
"""Ranges of our own, which bring functions along; without an extension's."""


def dump(path: Path) -> None:
    """Write the database as it is at one moment. Raises `BadBackup`: the tool is missing, or fails."""
    if connection.vendor == "postgresql":
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")
        return
    with closing(sqlite3.connect(_sqlite_file())) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)  # all pages in one step: others go on writing, and none of it gets in
        (found,) = copy.execute("PRAGMA integrity_check").fetchone()
    if found != "ok":
        raise BadBackup(f"The copy of the SQLite database is damaged: {found[:_SHOWN]}")


def load(path: Path) -> None:
    """Put a dump in the place of all that is in the database. Raises `BadBackup`: the tool is missing, or fails."""
    if connection.vendor == "postgresql":
        _run("pg_restore", "--list", str(path))  # it is whole, and not of a newer PostgreSQL
        _refuse_newer_tool()
        _empty()
        flags = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
        _run("pg_restore", *flags, f"--dbname={connection.settings_dict['NAME']}", str(path))
        return
    connection.close()
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(_sqlite_file())) as target:
        source.backup(target)


def refuse_used() -> None:
    """Raise `BadBackup` while processes of the installation use the database."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            (others,) = cursor.fetchone()
        if others:
            raise BadBackup(f"{others} connections use this database: stop web processes, workers and beat first.")
    elif "businesses_heartbeat" in tables():
        known = heartbeats.look()
        if known.worker_at and not known.worker_is_dead:
            raise BadBackup("A process was at work within the last minute: stop it, and wait for a minute.")


def is_empty() -> bool:
    """Returns whether nobody's data is in it: no tables, or only ours without people and businesses."""
    found = tables()
    if not found:
        return True
    if _MIGRATIONS_TABLE not in found or not set(_PEOPLE) <= found:
        return False
    with connection.cursor() as cursor:
        for table in _PEOPLE:
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")  # noqa: S608 - names of ours
            if cursor.fetchone():
                return False
    return True


def tables() -> set[str]:
    """Returns the names of all tables."""
    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor))


def migrations() -> list[str]:
    """Returns the migrations that are applied, as `app.name`."""
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def _empty() -> None:
    """Remove tables, types and functions.

    The schema stays: before PostgreSQL 15 it did not belong to the database's owner.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        for table in sorted(tables()):
            cursor.execute(f"DROP TABLE IF EXISTS {connection.ops.quote_name(table)} CASCADE")
        cursor.execute(_TYPES)
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TYPE IF EXISTS {name} CASCADE")
        cursor.execute(_FUNCTIONS)
        for (signature,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION IF EXISTS {signature} CASCADE")
    connection.close()


def _refuse_newer_tool() -> None:
    """Raise `BadBackup` if pg_restore is newer than the server: it would set what the server does not know."""
    (tool,) = re.findall(r" (\d+)", _run("pg_restore", "--version"))[:1]
    connection.ensure_connection()
    server = connection.connection.info.server_version // 10_000
    if int(tool) > server:
        raise BadBackup(
            f"pg_restore is of version {tool} and the server of version {server}. On Debian: apt-get install "
            f"postgresql-client-{server}, and put /usr/lib/postgresql/{server}/bin first in PATH."
        )


def _sqlite_file() -> str:
    return str(connection.settings_dict["NAME"])


def _run(tool: str, *arguments: str) -> str:
    """Run one of PostgreSQL's tools on our database. Returns what it prints.

    The password goes by the environment, where other users of the machine can't see it.
    """
    found = shutil.which(tool)
    if found is None:
        raise BadBackup(f"{tool} is not installed. On Debian: apt-get install postgresql-client")
    known = connection.settings_dict
    named = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    where = {variable: str(known[key]) for variable, key in named.items() if known.get(key)}
    options = known.get("OPTIONS", {})
    where |= {f"PG{name.upper()}": str(options[name]) for name in ("sslmode", "sslrootcert") if name in options}
    done = subprocess.run(  # noqa: S603 - our own arguments
        [found, *arguments], env={**os.environ, **where}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        says = done.stderr.strip()[-_SHOWN:]
        hint = " Install the client of the server's version (postgresql-client-NN)." if "version" in says else ""
        raise BadBackup(f"{tool} failed: {says}{hint}")
    return done.stdout
