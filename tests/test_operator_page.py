"""The operator's page tells what stands still, in few queries, and also while the database does not say what waits."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from businesses.models import Business, Calendar, CalendarSource, Heartbeat, User
from businesses.tenancy import acting_for
from calls.model_checks import CheckFault
from calls.models import GreetingAudio, GreetingState, ModelCheck
from frontdesk import backlog, disk, figures, recent_errors
from frontdesk.backlog import Backlog, Waiting
from frontdesk.calendar_figures import CalendarSources
from frontdesk.hook_figures import Hooks
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template
from whatsapp.models import SenderHealth
from whatsapp.states import BroadcastStatus, PauseReason, RecipientStatus

pytestmark = pytest.mark.django_db

WAITS = Backlog(
    work={kind: Waiting(0, 0.0) for kind in ("summaries", "greetings", "imports", "media", "unknown_messages")}
    | {"news": Waiting(12, 700.0)},
    broadcasts={status: int(status == "paused") for status in backlog.STANDING},
    people={(on, state): 4 for on in backlog.STANDING for state in RecipientStatus.values},
    sent_per_s=7.25,
    greetings={},
    senders_blocked=1,
    calendars=CalendarSources(addresses={"well": 3, "failing": 2}, oldest_s=90_000.0),
    hooks=Hooks(addresses={}, ended={}, oldest_s=0.0),
    weeks_below=0,
)


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(backlog, "now", lambda: WAITS)
    monkeypatch.setattr(disk._Known, "at", float("-inf"))  # what an earlier test did to the folder is not remembered
    recent_errors._last.clear()
    client = Client()
    client.force_login(User.objects.create_superuser("operator@example.com", "qq-operator-pass"))
    return client


def words(client: Client, **headers: str) -> str:
    answer = client.get("/operator/", headers=headers)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_it_tells_what_stands_still(operator: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    acme, now = Business.objects.create(name="Acme", slug="acme"), timezone.now()
    with acting_for(acme):
        sender = make_sender(acme, health=SenderHealth.BLOCKED)
        template = make_template(sender)
        for name, reason in (("Sale", PauseReason.ERROR_BURST), ("Night", PauseReason.WINDOW)):
            paused = {"status": BroadcastStatus.PAUSED, "pause_reason": reason}
            make_broadcast(sender, template, addresses(1), name=name, **paused)
        GreetingAudio.objects.create(business=acme, content_hash="1", text="Hello", state=GreetingState.FAILED)
        for name, problem in (("Ann", "too_slow"), ("Ben", "")):
            calendar = Calendar.objects.create(business=acme, name=name)
            CalendarSource.objects.create(business=acme, calendar=calendar, due_at=now, added_at=now, problem=problem)
    Heartbeat.objects.create(part=Heartbeat.Part.WORKER, at=now - timedelta(minutes=5))
    Heartbeat.objects.create(part=Heartbeat.Part.BEAT, at=now)
    ModelCheck.objects.create(checked_at=now, fault=CheckFault.NO_CREDIT)
    with django_assert_max_num_queries(12):
        page = words(operator)
    assert "Sale" in page
    assert "Night" not in page, "it goes on by itself"
    assert "The greeting could not be recorded" in page
    assert page.count(">Acme<") == 4, "number, broadcast, greeting, calendar"
    assert "It took too long to answer." in page
    assert "Ben" not in page, "it is read"
    assert page.count("badge bad") == 1, "the worker"
    assert "credit is used up" in page
    assert '700 s <span class="badge warn">late' in page
    assert "Messages per second: 7.2" in page or "Messages per second: 7.3" in page


def test_the_last_errors_are_masked(operator: Client) -> None:
    record = logging.LogRecord("calls.records", logging.ERROR, "", 1, "call of %s failed", ("+972501234567",), None)
    for _ in range(recent_errors.MOST + 5):
        recent_errors.RecentErrors().handle(record)
    page = words(operator)
    assert page.count("call of +… failed") == recent_errors.MOST
    assert "501234567" not in page


def test_what_is_logged_as_an_error_is_kept() -> None:
    logging.getLogger("frontdesk.test").error("it broke")
    logging.getLogger("frontdesk.test").warning("it creaks")
    assert [each.message for each in recent_errors.newest_first()][:1] == ["it broke"]


def test_a_script_gets_only_what_changes(operator: Client) -> None:
    part = words(operator, **{"HX-Request": "true"})
    assert "<html" not in part
    assert 'id="processes"' in part
    assert 'hx-trigger="every 15s"' in words(operator)


def test_it_opens_while_it_is_not_known_what_waits(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "now", lambda: None)
    assert "The database does not say what waits." in words(operator)


def test_a_disk_that_is_nearly_full_is_marked(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "disk_free_bytes", lambda: 4e9)
    assert "nearly full" in words(operator)
