"""The figures of a broadcast that began before they were kept: who counts them, and what its page says meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from businesses.models import Business
from businesses.tenancy import acting_for
from testing.broadcasts import addresses, make_broadcast
from whatsapp import doorbell, tasks
from whatsapp.broadcasts import course
from whatsapp.broadcasts.counts import counts_of
from whatsapp.models import Broadcast, BroadcastCourse, BroadcastSpending, MessageTemplate, Recipient, Sender
from whatsapp.pages import broadcast_page, kept_figures

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What workers are asked to do, instead of doing it."""
    asked: list[list[str]] = []

    def note(task: str, arguments: list[str]) -> None:
        asked.append([task, *arguments])

    monkeypatch.setattr(doorbell, "ring_for", note)
    return asked


@pytest.fixture
def other_business(db: None) -> Business:
    """A business that the broadcast does not belong to."""
    return Business.objects.create(name="Other", slug="other")


@pytest.fixture
def older(sender: Sender, template: MessageTemplate, monkeypatch: pytest.MonkeyPatch) -> Broadcast:
    """A completed broadcast that counts as large, and of which nothing was kept."""
    monkeypatch.setattr(kept_figures, "AT_ONCE", 2)
    broadcast = make_broadcast(sender, template, addresses(3), status="completed", started_at=BEGAN)
    Recipient.objects.filter(broadcast=broadcast).update(
        status="delivered", accepted_at=BEGAN, delivered_at=BEGAN, billable=True, price_category="marketing"
    )
    BroadcastSpending.objects.create(business=sender.business, broadcast=broadcast, micros=90_000, billed_micros=None)
    cache.clear()
    return broadcast


def page(broadcast: Broadcast, name: str = "broadcast") -> str:
    return reverse(name, kwargs={"slug": "clinic", "broadcast_id": broadcast.pk})


def test_a_worker_counts_a_large_one_and_the_page_says_so(
    staff: Client, older: Broadcast, rings: list[list[str]]
) -> None:
    poll = f"{page(older, 'broadcast-progress')}?status=completedTrue"
    for address in (page(older), poll, poll):
        answer = staff.get(address)
        assert answer.status_code == 200, "the page goes on asking"
        assert "are being counted" in answer.content.decode()
    assert "every 2s" in staff.get(page(older)).content.decode()
    assert "being counted" in staff.get(page(older, "broadcast-result")).content.decode()
    assert not BroadcastCourse.objects.filter(is_counted=True).exists()
    assert rings == [["whatsapp.tasks.count_figures", str(older.business_id), str(older.pk)]], "once, not at each poll"

    tasks.count_figures(*rings[0][1:])
    assert course.kept(older) == [course.Step(BEGAN, 3, 3, 0, 0)]
    answer = staff.get(poll)
    assert answer.status_code == broadcast_page.STOP_POLLING
    assert "are being counted" not in answer.content.decode()
    assert "<svg" in answer.content.decode()
    assert "being counted" not in staff.get(page(older, "broadcast-result")).content.decode()


def test_a_small_one_is_counted_at_once(
    staff: Client, older: Broadcast, rings: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_figures, "AT_ONCE", 3)
    shown = staff.get(page(older)).content.decode()
    assert "<svg" in shown
    assert "are being counted" not in shown
    assert rings == []


def test_counting_for_a_removed_business_or_broadcast_does_nothing(older: Broadcast, other_business: Business) -> None:
    tasks.count_figures(str(older.pk), str(older.pk))
    tasks.count_figures(str(other_business.pk), str(older.pk))
    assert not BroadcastCourse.objects.filter(is_counted=True).exists()


def test_counts_read_an_index_only_and_never_another_business(older: Broadcast, other_business: Business) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert counts_of(older.pk).total == 3
    assert '"whatsapp_broadcast_recipients"."business_id"' not in queries[0]["sql"], "which no index of states holds"
    with acting_for(other_business):
        assert counts_of(older.pk).total == 0


def test_polls_of_many_people_count_them_once_in_a_while(
    staff: Client, older: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.of(older, BEGAN)
    Broadcast.objects.update(status="running")
    poll = f"{page(older, 'broadcast-progress')}?status=runningTrue"

    def counting() -> int:
        with CaptureQueriesContext(connection) as queries:
            staff.get(poll)
        return sum("COUNT(" in each["sql"] for each in queries)

    assert [counting(), counting()] == [1, 1], "few people are counted each time"
    monkeypatch.setattr(broadcast_page, "MANY_PEOPLE", 3)
    assert [counting(), counting()] == [1, 0]
    Broadcast.objects.update(epoch=99)
    assert counting() == 1, "another state is never shown with the counts of the last"
