"""A database that is away is told in two lines, not in a traceback for each thing that fails meanwhile."""

from __future__ import annotations

import logging
import os

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection
from psycopg.errors import AdminShutdown, DeadlockDetected
from psycopg_pool import PoolTimeout

from businesses import database_absence
from businesses.absence import Absence

REFUSED = psycopg.OperationalError("connection failed: connection refused")


def failed(error: Exception, cause: Exception | None = None) -> logging.LogRecord:
    """Returns a record as `logger.exception` makes it."""
    error.__cause__ = cause
    return logging.LogRecord("x", logging.ERROR, "", 1, "It failed", (), (type(error), error, None))


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_absence._Known, "absence", Absence())
    monkeypatch.setattr(database_absence._Known, "is_away_by_the_watch", None)


@pytest.mark.parametrize(
    "record",
    [
        failed(ValueError("a mistake")),
        failed(OperationalError("deadlock detected"), DeadlockDetected("deadlock detected")),
        failed(OperationalError("couldn't get a connection"), PoolTimeout("couldn't get a connection")),
        failed(InterfaceError("the cursor is closed")),
    ],
)
def test_other_errors_are_logged_as_ever(record: logging.LogRecord, caplog: pytest.LogCaptureFixture) -> None:
    assert database_absence.is_worth_a_line(record)
    assert caplog.records == []


@pytest.mark.parametrize("cause", [REFUSED, AdminShutdown("terminating connection")])
def test_a_lost_connection_is_told_once(cause: Exception, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(50):
        assert not database_absence.is_worth_a_line(failed(OperationalError("gone"), cause))
    assert [record.getMessage() for record in caplog.records] == [
        "The database is away (OperationalError): what is to be done waits"
    ]


@pytest.mark.django_db(transaction=True)
def test_it_is_back_with_the_next_connection(caplog: pytest.LogCaptureFixture) -> None:
    database_absence.is_worth_a_line(failed(OperationalError("gone"), REFUSED))
    connection.close()
    connection.ensure_connection()
    connection.close()
    connection.ensure_connection()
    _away, back = [record.getMessage() for record in caplog.records]
    assert back.startswith("The database is back after")


def test_where_a_watch_says_so_nothing_is_said_here(caplog: pytest.LogCaptureFixture) -> None:
    record = failed(OperationalError("gone"), REFUSED)
    database_absence.leave_to(lambda: True)
    assert not database_absence.is_worth_a_line(record)
    database_absence.leave_to(lambda: False)
    assert database_absence.is_worth_a_line(record), "the watch knows nothing of it"
    assert caplog.records == []


@pytest.mark.skipif(not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="SQLite has no connections")
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_ends_is_lost() -> None:
    with connection.cursor() as cursor, pytest.raises(OperationalError) as raised:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()
    assert database_absence.is_lost(raised.value)
