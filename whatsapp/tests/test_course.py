"""The course of a broadcast: kept as it happens, equal to what its rows say, and read without reading them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from testing.broadcasts import addresses, make_broadcast
from whatsapp.broadcasts import course, lifecycle
from whatsapp.broadcasts.counts import counts_of
from whatsapp.broadcasts.course import Change, Times
from whatsapp.broadcasts.figures import Figure
from whatsapp.models import Broadcast, BroadcastCourse, CourseStep, InboundMessage, MessageTemplate, Recipient, Sender
from whatsapp.pages import broadcast_page
from whatsapp.pages.figures import timeline

Make = Callable[..., Broadcast]

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = ("sent", "delivered", "read", "replied")
moments = st.none() | st.integers(-60, 90 * 24 * 3600).map(lambda s: BEGAN + timedelta(seconds=s))
times = st.builds(Times, moments, moments, moments, moments)


@pytest.fixture
def make(sender: Sender, template: MessageTemplate) -> Make:
    """Make a broadcast to so many people."""

    def make_one(people: int, **fields: Any) -> Broadcast:
        made: Broadcast = make_broadcast(sender, template, addresses(people), **fields)
        return made

    return make_one


def page(broadcast: Broadcast, name: str = "broadcast") -> str:
    return reverse(name, kwargs={"slug": "clinic", "broadcast_id": broadcast.pk})


def steps(broadcast: Broadcast) -> list[tuple[Any, ...]]:
    kept = CourseStep.objects.filter(course__broadcast=broadcast)
    return [row for row in kept.values_list("at", *NAMES) if any(row[1:])]


def from_rows(broadcast: Broadcast, now: datetime) -> list[tuple[Any, ...]]:
    """The same, counted anew from the rows."""
    BroadcastCourse.objects.filter(broadcast=broadcast).delete()
    course.of(broadcast, now)
    return steps(broadcast)


# Steps ---------------------------------------------------------------------------------------------------
@pytest.mark.pure
@given(moments.filter(bool), st.integers(0, 90 * 24 * 3600))
def test_a_step_holds_its_moment_and_never_begins_in_the_future(moment: datetime, age_s: int) -> None:
    now = BEGAN + timedelta(seconds=age_s)
    at = course.step_of(moment, BEGAN, now)
    assert BEGAN <= at <= now
    counted = max(BEGAN, min(moment, now))
    assert at <= counted < at + course.width(at - BEGAN)


@pytest.mark.pure
@given(st.integers(0, 90 * 24 * 3600))
def test_steps_meet_without_a_gap(age_s: int) -> None:
    now = BEGAN + timedelta(days=365)
    at = course.step_of(BEGAN + timedelta(seconds=age_s), BEGAN, now)
    following = at + course.width(at - BEGAN)
    assert course.step_of(following, BEGAN, now) == following
    assert course.step_of(following - timedelta(microseconds=1), BEGAN, now) == at


@pytest.mark.pure
def test_a_month_of_a_course_is_a_few_hundred_steps() -> None:
    at, number = BEGAN, 0
    while at < BEGAN + timedelta(days=30):
        at, number = at + course.width(at - BEGAN), number + 1
    assert number < 900


@pytest.mark.pure
@given(st.lists(st.tuples(st.integers(0, 4_000), *[st.integers(0, 9)] * 4), max_size=20), st.integers(0, 4_000))
def test_the_chart_never_runs_into_the_future(kept: list[tuple[int, ...]], age_s: int) -> None:
    now = BEGAN + timedelta(seconds=age_s)
    broadcast = Broadcast(started_at=BEGAN)
    found = {course.step_of(BEGAN + timedelta(seconds=at), BEGAN, now): numbers for at, *numbers in kept}
    rows = [course.Step(at, *found[at]) for at in sorted(found)]
    drawn = timeline(broadcast, rows, dict.fromkeys(Figure, 7), now=now)
    assert (drawn is None) == (not any(row.sent for row in rows))
    if drawn:
        assert BEGAN <= drawn.start <= drawn.end <= now
        assert drawn.most == max(1, *(sum(getattr(row, name) for row in rows) for name in NAMES))


# What is counted -----------------------------------------------------------------------------------------
def test_changes_in_any_order_leave_what_the_rows_say(make: Make) -> None:
    """Every person goes through several times, some into the future, back, or to none."""
    broadcast = make(3, status="running", started_at=BEGAN)
    now = BEGAN + timedelta(hours=1)
    BroadcastCourse.objects.all().delete()
    course.begin(broadcast)
    rows = list(Recipient.objects.order_by("pk"))
    for minute, row in enumerate([*rows, *rows, *rows[:2]]):
        before = Times(row.accepted_at, row.delivered_at, row.read_at)
        row.accepted_at = None if minute == 4 else BEGAN + timedelta(seconds=70 * minute)
        row.delivered_at = BEGAN + timedelta(minutes=minute) if minute > 2 else None
        row.save()
        course.count([Change(broadcast.pk, before, Times(row.accepted_at, row.delivered_at, row.read_at))], now)
    kept = steps(broadcast)
    assert kept == from_rows(broadcast, now)
    assert kept


def test_until_somebody_looks_nothing_is_kept_of_an_older_broadcast(make: Make) -> None:
    broadcast = make(2, status="running", started_at=BEGAN)
    now = BEGAN + timedelta(minutes=1)
    first, second = Recipient.objects.order_by("pk")
    Recipient.objects.filter(pk=first.pk).update(accepted_at=BEGAN, status="sent")
    course.count([Change(broadcast.pk, Times(), Times(BEGAN))], now)
    assert not CourseStep.objects.exists()
    assert [step.sent for step in course.of(broadcast, now)] == [1]
    Recipient.objects.filter(pk=second.pk).update(accepted_at=BEGAN, status="sent")
    course.count([Change(broadcast.pk, Times(), Times(BEGAN))], now)
    assert [step.sent for step in course.of(broadcast, now)] == [2]


def test_a_broadcast_begins_its_course_when_it_begins_to_send(make: Make) -> None:
    broadcast = make(1, status="preparing", started_at=BEGAN)
    lifecycle.finish_preparing(broadcast, now=BEGAN)
    assert BroadcastCourse.objects.values_list("is_counted", "begins_at").get() == (True, BEGAN)


# What a page reads ---------------------------------------------------------------------------------------
def sent_to(broadcast: Broadcast) -> None:
    now = timezone.now()
    Recipient.objects.filter(broadcast=broadcast).update(
        status="read", accepted_at=now, delivered_at=now, read_at=now, billable=True, price_category="marketing"
    )


def read_by(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(address).status_code in {200, broadcast_page.STOP_POLLING}
    return [each["sql"] for each in found]


@pytest.mark.parametrize("name", ["broadcast", "broadcast-progress"])
@pytest.mark.parametrize("status", ["running", "paused", "completed"])
def test_a_page_counts_states_and_reads_no_other_row(staff: Client, make: Make, name: str, status: str) -> None:
    broadcast = make(30, status=status, started_at=timezone.now())
    sent_to(broadcast)
    address = f"{page(broadcast, name)}?status={status}True"
    staff.get(address)  # whoever looks first has an older broadcast counted
    queries = read_by(staff, address)
    assert len(queries) <= 12, "\n".join(queries)
    rows = [each for each in queries if '"whatsapp_broadcast_recipients"' in each]
    counting, *others = rows
    assert "GROUP BY" in counting
    assert "COUNT(" in counting
    assert all("LIMIT 1" in each for each in others), "only the first person's values, for the picture of the message"
    assert not [each for each in queries if '"whatsapp_inbound' in each and "recipient" in each]


def test_polling_ends_with_the_broadcast(staff: Client, make: Make) -> None:
    for status, every in (("running", "every 2s"), ("cancelling", "every 2s"), ("paused", "every 10s")):
        broadcast = make(1, status=status)
        assert every in staff.get(page(broadcast)).content.decode()
    for status in ("completed", "cancelled", "failed"):
        broadcast = make(1, status=status)
        sent_to(broadcast)
        shown = staff.get(page(broadcast)).content.decode()
        assert "hx-trigger" not in shown.partition('id="live"')[2].partition(">")[0]
        assert "no longer updates by itself" in shown
        polled = staff.get(f"{page(broadcast, 'broadcast-progress')}?status={status}True")
        assert polled.status_code == broadcast_page.STOP_POLLING
        refreshed = staff.get(f"{page(broadcast, 'broadcast-progress')}?status=runningTrue")
        assert (refreshed.status_code, refreshed["HX-Refresh"]) == (200, "true")


def test_a_reply_counts_once_at_its_first_time(make: Make) -> None:
    broadcast = make(2, status="completed", started_at=BEGAN)
    first, second = Recipient.objects.order_by("pk")
    for number, (row, minute) in enumerate([(first, 3), (first, 1), (second, 2)]):
        InboundMessage.objects.create(
            business=broadcast.business,
            sender=broadcast.sender,
            recipient=row,
            provider="cloud",
            provider_message_id=f"m{number}",
            address=row.address or "",
            kind="text",
            received_at=BEGAN + timedelta(minutes=minute),
        )
    found = course.of(broadcast, BEGAN + timedelta(minutes=4))
    assert [(step.at, step.replied) for step in found] == [
        (BEGAN + timedelta(minutes=1), 1),
        (BEGAN + timedelta(minutes=2), 1),
    ]
    assert counts_of(broadcast.pk).total == 2
    assert CourseStep.objects.aggregate(replied=Sum("replied")) == {"replied": 2}
