"""Where things are kept: the database, Redis, and the folder of files."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now

from businesses.doctor import table
from businesses.doctor.table import DATABASE, TABLES, Check
from businesses.doctor.verdicts import Verdict, not_tried, ok, wrong
from businesses.models import Heartbeat
from frontdesk import disk, missing_migrations

_REDIS_S = 2.0
_SHOWN = 200


def register() -> None:
    """Have them tried."""
    table.register("database", _database)
    table.register("redis", _redis)
    table.register("files", _files)


def _database() -> Iterator[Check]:
    yield Check("answers", _ask_database)
    yield Check("migrations", _ask_migrations, (DATABASE,))
    yield Check("write", _ask_write, (DATABASE, TABLES))


def _redis() -> Iterator[Check]:
    yield Check("answers", _ask_redis)
    if settings.CELERY_BROKER_URL not in {settings.REDIS_URL, "memory://localhost/"}:
        yield Check("broker", _ask_broker)


def _files() -> Iterator[Check]:
    yield Check("write", lambda: folder(disk.problem()))
    yield Check("room", lambda: room(disk.free_bytes()))


def pending(names: list[str]) -> Verdict:
    """Returns whether the tables are those of this release. `names`: of migrations that are not applied."""
    if names:
        return wrong(f"{len(names)} migrations are missing, the first is {names[0]}.", "Run: manage.py migrate")
    return ok("All are applied.")


def folder(problem: str) -> Verdict:
    """Returns whether files can be written. `problem`: of `disk`."""
    if problem:
        return wrong(
            f"{problem[0].upper()}{problem[1:]}.",
            "Make the folder, give it to the user of the processes (chown -R frontdesk), and add it to ReadWritePaths "
            "of the systemd units.",
        )
    return ok("A file was written to MEDIA_ROOT.")


def room(free: int) -> Verdict:
    """Returns whether there is room for recordings. `free`: bytes."""
    left = f"{free / 1e9:,.1f} GB are free."
    if free < disk.LOW_BYTES:
        return wrong(left, "Make room on the disk of MEDIA_ROOT, or keep recordings for fewer days.")
    return ok(left)


def database_away(error: Exception, *, vendor: str) -> Verdict:
    """Returns what it means that the database refuses or does not answer."""
    first = str(error).strip().split("\n")[0][:_SHOWN]
    if vendor == "sqlite":
        mend = "The user of the processes must own the SQLite file and its folder, and the disk must have room."
    else:
        mend = "Start PostgreSQL, and compare DATABASE_URL with its user, password, host and database."
    return wrong(f"{type(error).__name__}: {first}", mend)


def _ask_database() -> Verdict:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return database_away(error, vendor=connection.vendor)
    return ok("SQLite." if connection.vendor == "sqlite" else "PostgreSQL.")


def _ask_migrations() -> Verdict:
    return pending(missing_migrations.names())


def _ask_write() -> Verdict:
    try:
        with transaction.atomic():
            Heartbeat.objects.create(part=f"try-{secrets.token_hex(2)}", at=Now())
            transaction.set_rollback(True)
    except DatabaseError as error:
        return database_away(error, vendor=connection.vendor)
    return ok("A row was written, and taken back.")


def _ask_redis() -> Verdict:
    import redis  # noqa: PLC0415 - not every installation has one

    if not settings.REDIS_URL:
        return ok("REDIS_URL is not set: one web process does everything itself. Start no Celery beside it.")
    key = f"frontdesk-doctor-{secrets.token_hex(8)}"
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=_REDIS_S, socket_connect_timeout=_REDIS_S
        ) as client:
            client.set(key, "1", ex=5)
            client.delete(key)
    except redis.AuthenticationError:
        return wrong("Redis does not accept the password.", "Correct the password in REDIS_URL (redis://:PASSWORD@…).")
    except redis.ResponseError as error:
        return wrong(f"Redis takes no writes: {str(error)[:_SHOWN]}", "Give it room, and use the primary.")
    except redis.RedisError as error:
        return wrong(f"Redis does not answer: {type(error).__name__}.", "Start Redis, and compare REDIS_URL with it.")
    return ok("It answers, and takes writes.")


def _ask_broker() -> Verdict:
    from kombu.exceptions import OperationalError  # noqa: PLC0415 - Celery's, which most commands don't need

    from frontdesk.celery_app import app  # noqa: PLC0415

    if settings.CELERY_BROKER_URL.startswith("memory:"):
        return not_tried("It is in the web process.")
    with app.connection_for_write(connect_timeout=_REDIS_S) as broker:
        try:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=int(_REDIS_S))
        except (OSError, OperationalError) as error:
            return wrong(
                f"The broker does not answer: {type(error).__name__}.", "Start it, and compare CELERY_BROKER_URL."
            )
    return ok("It answers.")
