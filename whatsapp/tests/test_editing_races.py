"""A broadcast is edited and started at the same moment: one of the two happens, whole, and the other is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from businesses.models import Business
from businesses.tenancy import acting_for
from testing.meta import ThreadedMeta
from whatsapp.audience.choice import ContactsChoice
from whatsapp.audience.freeze import OvertakenFreeze
from whatsapp.broadcasts import drafts, lifecycle, taking_back
from whatsapp.broadcasts.prepare import freeze_audience
from whatsapp.errors import IllegalChange
from whatsapp.models import Broadcast, Contact, Recipient

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one transaction write at a time")


@pytest.fixture
def clinic(acme: Business) -> Business:
    """A business that other database connections see."""
    return acme


def beside(broadcast: Broadcast, first: Callable[[], None], second: Callable[[Broadcast], None]) -> list[Exception]:
    """Do `first`, and before it is committed begin `second` in another connection. Returns what `second` raised."""
    raised: list[Exception] = []
    known = Broadcast.objects.select_related("business", "sender", "template").get(pk=broadcast.pk)

    def other() -> None:
        with acting_for(broadcast.business):
            try:
                second(known)
            except (IllegalChange, OvertakenFreeze) as error:
                raised.append(error)
        connection.close()

    thread = threading.Thread(target=other)
    with transaction.atomic():
        first()
        thread.start()
        while thread.is_alive() and not _somebody_waits():
            pass
    thread.join()
    broadcast.refresh_from_db()
    return raised


def test_an_edit_that_meets_a_start_is_refused_and_the_people_stay(meta: ThreadedMeta, broadcast: Broadcast) -> None:
    Broadcast.objects.update(status="scheduled", scheduled_at=NOW, not_after=None)
    broadcast.refresh_from_db()
    people = Recipient.objects.filter(broadcast=broadcast).count()
    (error,) = beside(
        broadcast, lambda: lifecycle.fire(broadcast, now=NOW), lambda known: taking_back.take_back(known, now=NOW)
    )
    assert isinstance(error, IllegalChange)
    assert (broadcast.status, broadcast.edition) == ("running", 0)
    assert Recipient.objects.filter(broadcast=broadcast).count() == people > 0


def test_a_start_that_meets_an_edit_sends_nothing(meta: ThreadedMeta, broadcast: Broadcast) -> None:
    Broadcast.objects.update(status="draft", started_at=None)
    broadcast.refresh_from_db()
    (error,) = beside(
        broadcast,
        lambda: drafts.choose_people(broadcast, ContactsChoice(), edition=0),
        lambda known: lifecycle._start(known, now=NOW),
    )
    assert isinstance(error, IllegalChange)
    assert (broadcast.status, broadcast.next_step, broadcast.edition) == ("draft", "details", 1)
    assert not Recipient.objects.filter(broadcast=broadcast).exists()


def test_a_schedule_that_meets_an_edit_starts_nothing(meta: ThreadedMeta, broadcast: Broadcast) -> None:
    Broadcast.objects.update(status="scheduled", scheduled_at=NOW, not_after=None, started_at=None)
    broadcast.refresh_from_db()
    (error,) = beside(
        broadcast, lambda: taking_back.take_back(broadcast, now=NOW), lambda known: lifecycle.fire(known, now=NOW)
    )
    assert isinstance(error, IllegalChange)
    assert (broadcast.status, broadcast.started_at) == ("draft", None)


def test_a_reader_of_people_that_meets_an_edit_writes_nothing(meta: ThreadedMeta, broadcast: Broadcast) -> None:
    Contact.objects.create(business=broadcast.business, phone="+972501234567", name="Dana")
    Recipient.objects.filter(broadcast=broadcast).delete()
    constants = dict.fromkeys(("1", "first_name"), "x")
    Broadcast.objects.update(
        status="draft", audience_kind="contacts", audience={"constants": constants}, audience_ready_at=None, total=None
    )
    broadcast.refresh_from_db()
    (error,) = beside(
        broadcast,
        lambda: drafts.choose_people(broadcast, ContactsChoice(tags=("vip",)), edition=0),
        _read,
    )
    assert isinstance(error, OvertakenFreeze)
    assert not Recipient.objects.filter(broadcast=broadcast).exists()


def _read(known: Broadcast) -> None:
    freeze_audience(known, now=NOW)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])
