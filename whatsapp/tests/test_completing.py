"""A broadcast is not completed while one of its rows is being reopened."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from businesses.models import Business
from businesses.tenancy import acting_for
from testing.meta import ThreadedMeta
from whatsapp.broadcasts import lifecycle
from whatsapp.models import Broadcast, Recipient


@pytest.fixture
def clinic(acme: Business) -> Business:
    """A business that other database connections see."""
    return acme


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one transaction write at a time")
def test_completing_waits_for_who_opens_a_row_and_sees_it(meta: ThreadedMeta, broadcast: Broadcast) -> None:
    business, now = broadcast.business, datetime.now(UTC)
    Recipient.objects.update(status="accepted")
    ended: list[bool] = []

    def complete() -> None:
        with acting_for(business):
            ended.append(lifecycle.complete_if_done(Broadcast.objects.get(pk=broadcast.pk), now=now))
        connection.close()

    other = threading.Thread(target=complete)
    with transaction.atomic():
        Broadcast.objects.select_for_update().get(pk=broadcast.pk)
        Recipient.objects.filter(pk=Recipient.objects.values("pk")[:1]).update(status="pending")
        other.start()
        while other.is_alive() and not _somebody_waits():
            pass
    other.join()
    broadcast.refresh_from_db()
    assert (ended, broadcast.status) == ([False], "running")


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])
