"""Counts of large broadcasts that are over are kept, and counted anew after every move of one of their people."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from businesses.models import Business
from businesses.tenancy import acting_for
from testing.broadcasts import addresses
from testing.meta import ThreadedMeta
from whatsapp import recipients
from whatsapp.broadcasts import course, tallies
from whatsapp.broadcasts.counts import counts_of
from whatsapp.broadcasts.tallies import counts_of_broadcasts
from whatsapp.control import retrying
from whatsapp.models import Broadcast, BroadcastCourse, Recipient
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.sending import sweeper
from whatsapp.states import RecipientStatus
from whatsapp.webhooks.applying import apply_news
from whatsapp.webhooks.tests.notes import cloud_notice, post_cloud
from whatsapp.webhooks.tests.test_applying import accept

FIRST = addresses(1)[0]
LONG_AGO = timedelta(days=31)


@pytest.fixture
def over(meta: ThreadedMeta, broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch) -> Broadcast:
    """A broadcast to 20 people that is completed: one failed, the first was sent to, all others have it."""
    monkeypatch.setattr(tallies, "MANY_PEOPLE", 20)
    now = datetime.now(UTC)
    accept(Recipient.objects.get(address=FIRST))
    others = Recipient.objects.exclude(address=FIRST)
    others.update(status="delivered", delivered_at=now, accepted_at=now)
    Recipient.objects.filter(pk=others.latest("pk").pk).update(
        status="failed", delivered_at=None, accepted_at=None, error_class="retry"
    )
    Broadcast.objects.update(status="completed", completed_at=now, started_at=now, total=20)
    broadcast.refresh_from_db()
    course.begin(broadcast)
    return broadcast


def looked(broadcast: Broadcast) -> tuple[dict[str, int], bool]:
    """Returns the counts as pages show them, without zeros, and whether the rows were read for them."""
    broadcast.refresh_from_db()
    with CaptureQueriesContext(connection) as asked:
        counts = counts_of_broadcasts([broadcast])[broadcast.pk]
    assert counts == counts_of(broadcast.pk), "they are what the rows say"
    table = Recipient._meta.db_table
    return {state: people for state, people in counts.by_state.items() if people}, any(
        table in each["sql"] for each in asked
    )


BEGINNING = {"accepted": 1, "delivered": 18, "failed": 1}


@pytest.mark.django_db
def test_what_was_counted_is_not_counted_again(over: Broadcast) -> None:
    assert looked(over) == (BEGINNING, True)
    assert looked(over) == (BEGINNING, False)
    BroadcastCourse.objects.update(tallied_at=datetime.now(UTC) - timedelta(days=1, minutes=1))
    assert looked(over) == (BEGINNING, True), "an old one is not trusted"


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["sent", "delivered", "read", "failed"])
def test_a_report_that_moves_somebody_has_them_counted_anew(client: Client, over: Broadcast, what: str) -> None:
    looked(over)
    row = Recipient.objects.get(address=FIRST)
    at = datetime.now(UTC) + timedelta(
        seconds=5
    )  # later than it was accepted: of "sent" and "failed" only the state moves
    report = Happening(FIRST, str(row.provider_message_id), str(row.attempt_id), what, at, error_code=131026)
    post_cloud(client, cloud_notice([report]))
    assert apply_news(datetime.now(UTC))
    counts, were_read = looked(over)
    assert were_read
    assert counts == {state: people for state, people in moved(BEGINNING, what).items() if people}


def moved(counts: dict[str, int], what: str) -> dict[str, int]:
    return {**counts, "accepted": 0, what: counts.get(what, 0) + 1}


@pytest.mark.django_db
def test_who_expires_is_counted_anew(over: Broadcast) -> None:
    looked(over)
    sweeper.settle(datetime.now(UTC))
    assert looked(over) == (BEGINNING, False)
    Broadcast.objects.update(started_at=datetime.now(UTC) - LONG_AGO)
    Recipient.objects.filter(address=FIRST).update(accepted_at=datetime.now(UTC) - LONG_AGO)
    sweeper.settle(datetime.now(UTC))
    assert looked(over) == ({"expired": 1, "delivered": 18, "failed": 1}, True)


@pytest.mark.django_db
def test_of_a_broadcast_that_runs_again_nothing_is_kept(over: Broadcast) -> None:
    looked(over)
    assert retrying.retry(over, now=datetime.now(UTC)) == 1
    for _again in range(2):
        assert looked(over) == ({"accepted": 1, "delivered": 18, "pending": 1}, True)
    Recipient.objects.filter(status="pending").update(status="delivered")  # by its waves
    Broadcast.objects.update(status="completed")
    assert looked(over) == ({"accepted": 1, "delivered": 19}, True), "the tally is of an earlier run"


@pytest.mark.django_db
def test_nothing_is_kept_while_the_outcome_of_a_message_is_unknown(over: Broadcast) -> None:
    Recipient.objects.filter(address=FIRST).update(status="unknown")
    for _again in range(2):
        assert looked(over) == ({"unknown": 1, "delivered": 18, "failed": 1}, True)


@pytest.mark.django_db
def test_small_ones_are_counted_as_before(over: Broadcast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "MANY_PEOPLE", 21)
    with CaptureQueriesContext(connection) as asked:
        counts_of_broadcasts([over])
    assert len(asked) == 1
    assert looked(over) == (BEGINNING, True)


@pytest.mark.django_db(transaction=True)
def test_a_move_that_is_not_committed_while_they_are_counted(acme: Business, over: Broadcast) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer")
    with transaction.atomic():
        recipients.free(Recipient.objects.filter(address=FIRST), to=RecipientStatus.EXPIRED)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(counted_apart, acme, over.pk).result() == 1, "it is not seen there"
        course.forget_tallies([over.pk])
    assert looked(over) == ({"expired": 1, "delivered": 18, "failed": 1}, True)


def counted_apart(business: Business, key: UUID) -> int:
    try:
        with acting_for(business):
            counts = counts_of_broadcasts([Broadcast.objects.get(pk=key)])[key]
            assert BroadcastCourse.objects.filter(broadcast=key, tally__isnull=False).exists()
            return counts.by_state[RecipientStatus.ACCEPTED]
    finally:
        connection.close()
