"""The figures of an installation: of its webhooks and lanes, and of what waits in the database."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from prometheus_client import REGISTRY, generate_latest
from pytest_django import DjangoAssertNumQueries

from businesses.models import (
    Business,
    Calendar,
    CalendarSource,
    DeliveryState,
    SwitchedOff,
    WebhookDelivery,
    WebhookEndpoint,
)
from businesses.tenancy import across_businesses, acting_for
from calls.models import Call, GreetingAudio, GreetingState, WeekOfCalls
from calls.records import store
from frontdesk import backlog
from frontdesk.calendar_figures import CalendarSources
from frontdesk.request_lanes import RequestLanes
from frontdesk.webhook_figures import WebhookFigures
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template
from whatsapp.broadcasts import course
from whatsapp.models import Recipient, SenderHealth, WebhookNews
from whatsapp.states import BroadcastStatus, RecipientStatus

FIVE_MINUTES = timedelta(minutes=5)


def figure(name: str, **labels: str) -> float:
    """Returns a figure of this process; the database is not asked."""
    shown = REGISTRY.restricted_registry([f"frontdesk_{name}"]).collect()
    samples = [sample for metric in shown for sample in metric.samples]
    return next((each.value for each in samples if each.name == f"frontdesk_{name}" and each.labels == labels), 0.0)


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("backlog", None), ("at", float("-inf")), ("reading", None)):
        monkeypatch.setattr(backlog._Known, name, value)


@pytest.fixture
def acme(db: None) -> Business:
    return Business.objects.create(name="Acme", slug="acme")


@pytest.mark.asyncio
async def test_webhooks_are_timed_and_their_answers_counted_by_provider() -> None:
    async def forbids(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 403})
        await send({"type": "http.response.body"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    sent: list[str] = []
    before = figure("webhook_answers_total", webhook="voice", status="403")
    timed = figure("webhook_seconds_count", webhook="voice")
    for path in ("/calls/twilio/voice/", "/calls/twilio/voice", "/b/acme/", "/calls/twilio/voice/more/"):
        await WebhookFigures(forbids)({"path": path}, None, send)
    assert len(sent) == 8
    assert figure("webhook_answers_total", webhook="voice", status="403") == before + 2
    assert figure("webhook_seconds_count", webhook="voice") == timed + 2


@pytest.mark.asyncio
async def test_requests_that_wait_for_their_turn_are_shown() -> None:
    answers = asyncio.Event()

    async def waits(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await answers.wait()

    lanes = RequestLanes(waits, connections=20)
    tasks = [asyncio.create_task(lanes({"path": "/calls/twilio/status/"}, None, None)) for _ in range(5)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert figure("requests_waiting", lane="news") == 2
    answers.set()
    await asyncio.gather(*tasks)
    assert figure("requests_waiting", lane="news") == 0


def test_records_that_wait_are_shown() -> None:
    begun, go_on = Event(), Event()

    def write() -> None:
        begun.set()
        go_on.wait(30)

    first, second = (store._begin(store._thread.submit(write)) for _ in range(2))
    assert begun.wait(30)
    assert figure("records_waiting") == 2
    go_on.set()
    first.result(30), second.result(30)
    store._thread.submit(int).result(30)  # what follows a write is done when the next one is
    assert figure("records_waiting") == 0


def tell_own_systems(business: Business, now: datetime) -> None:
    """Three addresses: one is well and was told, one fails and has something waiting, one is gone."""
    states: list[dict[str, Any]] = [{}, {"failing_since": now}, {"is_on": False, "off_because": SwitchedOff.GONE}]
    for number, state in enumerate(states):
        WebhookEndpoint.objects.create(business=business, url=f"https://{number}.test/", created_at=now, **state)
    well, failing, gone = WebhookEndpoint.objects.order_by("url")
    for endpoint, became, ended_at in (
        (well, DeliveryState.DELIVERED, now - FIVE_MINUTES),
        (well, DeliveryState.FAILED, now - timedelta(hours=2)),
        (failing, DeliveryState.WAITING, None),
        (gone, DeliveryState.FAILED, now - FIVE_MINUTES),
        (gone, DeliveryState.FAILED, now - FIVE_MINUTES),
    ):
        WebhookDelivery.objects.create(
            business=business, endpoint=endpoint, kind="test", body="{}", happened_at=now - 2 * FIVE_MINUTES,
            due_at=now - FIVE_MINUTES, state=became, finished_at=ended_at,
        )  # fmt: skip


@pytest.mark.django_db
def test_answers_of_the_api_are_counted_by_their_status(client: Client) -> None:
    before = figure("api_answers_total", status="401")
    assert client.get("/api/v1/calls").status_code == 401
    assert figure("api_answers_total", status="401") == before + 1


def read_calendars(business: Business, now: datetime) -> None:
    """Three addresses: one was read an hour ago, one fails since then, one was never read in two hours."""
    for hours, problem, worked in ((1, "", True), (1, "too_slow", True), (2, "status", False)):
        at = now - timedelta(hours=hours)
        CalendarSource.objects.create(
            business=business, calendar=Calendar.objects.create(business=business, name=problem), due_at=now,
            added_at=at - timedelta(days=1) if worked else at, worked_at=at if worked else None, problem=problem,
        )  # fmt: skip


def test_what_waits_is_read_in_few_queries(acme: Business, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    now = timezone.now()
    with acting_for(acme):
        sender = make_sender(acme)
        template = make_template(sender)
        running = make_broadcast(sender, template, addresses(6), started_at=now - timedelta(minutes=3))
        make_broadcast(sender, template, addresses(2), status=BroadcastStatus.PAUSED)
        over = make_broadcast(sender, template, addresses(1), status=BroadcastStatus.COMPLETED)
        for broadcast, status in ((running, RecipientStatus.HELD), (over, RecipientStatus.UNKNOWN)):
            first = Recipient.objects.filter(broadcast=broadcast).first()
            assert first is not None
            Recipient.objects.filter(pk=first.pk).update(status=status, provider_message_id=None)
        course.begin(running)
        left = now - timedelta(seconds=20)
        course.count([course.Change(running.pk, course.Times(), course.Times(sent=left), people=120)], now)
        Call.objects.create(
            business=acme, twilio_call_sid="CA1", called_number="", started_at=now, summary_due_at=now - FIVE_MINUTES
        )
        for number, state in enumerate((GreetingState.FAILED, GreetingState.READY)):
            GreetingAudio.objects.create(business=acme, content_hash=str(number), text="Hello", state=state)
        tell_own_systems(acme, now)
        read_calendars(acme, now)
        for days in (3, 10, 20):
            WeekOfCalls.objects.create(business=acme, monday=(now - timedelta(days)).date(), is_below=days != 10)
        sender.health = SenderHealth.BLOCKED
        sender.save()
    for number, applied_at in enumerate((None, None, now)):
        WebhookNews.objects.create(
            provider="cloud", kind="status", dedupe_key=str(number), received_at=now - number * FIVE_MINUTES,
            applied_at=applied_at,
        )  # fmt: skip
    with across_businesses(), django_assert_num_queries(11):
        known = backlog.read(now)
    assert {kind: (work.amount, work.oldest_s) for kind, work in known.work.items()} == {
        "news": (2, 300.0),
        "summaries": (1, 300.0),
        "greetings": (0, 0.0),
        "imports": (0, 0.0),
        "media": (0, 0.0),
        "webhooks": (1, 300.0),
        "unknown_messages": (1, 0.0),
    }
    assert {status: amount for status, amount in known.broadcasts.items() if amount} == {"running": 1, "paused": 1}
    assert {key: amount for key, amount in known.people.items() if amount} == {
        ("running", "pending"): 5,
        ("running", "held"): 1,
        ("paused", "pending"): 2,
    }
    assert known.sent_per_s == pytest.approx(2.0, rel=0.1)
    assert known.greetings == {"pending": 0, "failed": 1, "to_hear": 0}
    assert known.senders_blocked == 1
    assert known.weeks_below == 1
    assert known.hooks.addresses == {"well": 1, "failing": 1, "by_member": 0, "keeps_failing": 0, "gone": 1}
    assert known.hooks.ended == {"delivered": 1, "failed": 2}
    assert known.hooks.oldest_s == 600.0
    assert known.calendars == CalendarSources({"well": 1, "failing": 2}, oldest_s=7200.0)
    assert str(acme.pk) not in generate_latest().decode()


@pytest.mark.django_db(transaction=True)
def test_the_page_shows_what_waits_and_remembers_it_for_seconds(client: Client, settings: Any) -> None:
    settings.DEBUG = True
    body = client.get("/metrics").content.decode()
    assert "frontdesk_database_answers 1.0" in body
    assert 'frontdesk_waiting_work{kind="news"} 0.0' in body
    assert 'frontdesk_calendar_sources{state="failing"} 0.0' in body
    assert "frontdesk_calendar_sources_oldest_seconds 0.0" in body
    known = backlog.now()
    assert known is not None
    assert backlog.now() is known


def test_without_the_database_the_page_shows_this_process_and_says_so(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = True

    def fails() -> None:
        raise OperationalError

    monkeypatch.setattr(backlog, "_read_apart", fails)
    body = client.get("/metrics").content.decode()
    assert "frontdesk_database_answers 0.0" in body
    assert "frontdesk_live_calls 0.0" in body
    assert "frontdesk_waiting_work{" not in body


def test_a_database_that_does_not_answer_keeps_one_thread_waiting(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = True
    answers, asked = Event(), []

    def hangs() -> None:
        asked.append(1)
        answers.wait(30)

    monkeypatch.setattr(backlog, "_read_apart", hangs)
    monkeypatch.setattr(backlog, "PATIENCE_S", 0.05)
    for _ in range(3):
        assert "frontdesk_database_answers 0.0" in client.get("/metrics").content.decode()
    answers.set()
    assert asked == [1]


def test_free_room_is_that_of_the_disk_with_the_recordings(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "not" / "made yet")
    assert figure("disk_free_bytes") > 0
