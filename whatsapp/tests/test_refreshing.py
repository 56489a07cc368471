"""Asking providers again about templates and numbers: when, how often, and what the answer changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from businesses.models import Business
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template
from whatsapp.control import starting
from whatsapp.models import Broadcast, MessageTemplate, ProvedAccount, Sender
from whatsapp.numbers import refreshing, template_sync
from whatsapp.providers.base import NumberHealth, ProviderUnavailable, RemoteTemplate
from whatsapp.states import PauseReason

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LISTED = RemoteTemplate(
    "78", "visit", "en_US", "UTILITY", "APPROVED", "NAMED", "GREEN", ({"type": "BODY", "text": "Hi {{first_name}}"},)
)


@pytest.fixture
def visit(acme: Business) -> MessageTemplate:
    template_sync.keep(make_sender(acme), [LISTED], now=NOW - HOUR / 2)
    return MessageTemplate.objects.get()


@pytest.fixture
def running(visit: MessageTemplate) -> Broadcast:
    return make_broadcast(Sender.objects.get(), visit, addresses(3))


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the provider answers next: listed templates, or None for no answer; every question takes one."""
    answers: list[Any] = []

    def ask(_sender: Sender, _question: object, *, timeout_s: float = 30.0) -> Any:
        answer = answers.pop(0)
        if answer is None:
            raise ProviderUnavailable("away")
        return answer

    monkeypatch.setattr("whatsapp.numbers.template_sync.ask", ask)
    monkeypatch.setattr("whatsapp.numbers.connecting.ask", ask)
    return answers


def is_due(now: datetime) -> bool:
    return bool(refreshing.due(now))


def test_an_account_is_asked_when_nothing_was_heard_for_an_hour(visit: MessageTemplate) -> None:
    assert not is_due(NOW + HOUR / 2)
    assert is_due(NOW + HOUR / 2 + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({"status": "running"}, True),
        ({"status": "preparing"}, True),
        ({"status": "scheduled", "scheduled_at": NOW + timedelta(minutes=5)}, True),
        ({"status": "scheduled", "scheduled_at": NOW + timedelta(minutes=6)}, False),
        ({"status": "paused"}, False),
        ({"status": "completed"}, False),
    ],
)
def test_while_it_sends_or_is_about_to_an_account_is_asked_every_five_minutes(
    running: Broadcast, fields: dict[str, Any], due: bool
) -> None:
    Broadcast.objects.update(**fields)
    assert is_due(NOW) is due
    MessageTemplate.objects.update(synced_at=NOW - timedelta(minutes=5))
    assert not is_due(NOW)


def test_one_that_does_not_answer_is_not_asked_again_at_once(visit: MessageTemplate, provider: list[Any]) -> None:
    provider.append(None)
    assert refreshing.refresh_due(NOW + HOUR) == 0
    assert refreshing.refresh_due(NOW + 2 * HOUR) == 0, "an hour has not passed since"
    assert not provider
    provider += [NumberHealth(daily_limit=2000), [LISTED]]
    assert refreshing.refresh_due(NOW + 2 * HOUR + timedelta(seconds=1)) == 1
    assert Sender.objects.get().messaging_limit == 2000
    assert MessageTemplate.objects.get().synced_at == NOW + 2 * HOUR + timedelta(seconds=1)


def test_of_two_processes_one_asks(visit: MessageTemplate, provider: list[Any]) -> None:
    (seen,) = refreshing.due(NOW + HOUR)
    ProvedAccount.objects.update(templates_asked_at=NOW + HOUR)
    assert not refreshing._refresh(seen, NOW + HOUR)


def test_what_is_heard_stops_a_running_broadcast(running: Broadcast, provider: list[Any]) -> None:
    provider += [NumberHealth(), [replace(LISTED, category="MARKETING")]]
    assert refreshing.refresh_due(NOW) == 1
    running.refresh_from_db()
    assert (running.status, running.pause_reason) == ("paused", PauseReason.CATEGORY)


def test_a_template_that_is_gone_stops_it_and_one_that_is_approved_again_lets_it_go_on(running: Broadcast) -> None:
    sender = Sender.objects.get()
    template_sync.keep(sender, [], now=NOW)
    running.refresh_from_db()
    assert (running.status, running.pause_reason) == ("paused", PauseReason.TEMPLATE)
    Broadcast.objects.update(resume_at=NOW + HOUR)
    template_sync.keep(sender, [LISTED], now=NOW)
    assert Broadcast.objects.get().status == "running"


def test_new_addresses_of_examples_are_no_other_content(visit: MessageTemplate) -> None:
    def header(address: str, **more: Any) -> RemoteTemplate:
        example = {"example": {"header_handle": [address]}}
        return replace(LISTED, components=({"type": "HEADER", "format": "IMAGE", **example, **more},))

    sender = Sender.objects.get()
    template_sync.keep(sender, [header("https://scontent.example/1?oe=1")], now=NOW)
    first = MessageTemplate.objects.get()
    assert first.version == 2
    assert template_sync.keep(sender, [header("https://scontent.example/1?oe=2")], now=NOW).unchanged == 1
    second = MessageTemplate.objects.get()
    assert (second.version, second.content_hash) == (2, first.content_hash)
    assert second.components[0]["example"] == {"header_handle": ["https://scontent.example/1?oe=2"]}
    template_sync.keep(sender, [header("https://scontent.example/1", format="VIDEO")], now=NOW)
    assert MessageTemplate.objects.get().version == 3


def test_a_start_asks_for_the_template_as_it_is_now(running: Broadcast, provider: list[Any]) -> None:
    Broadcast.objects.update(status="draft", started_at=None)
    found = Broadcast.objects.select_related("sender", "template", "business").get()
    provider.append([replace(LISTED, category="MARKETING")])
    with pytest.raises(Exception, match="Marketing"):
        starting.start(found, now=NOW)
    assert not provider
    with pytest.raises(Exception, match="Marketing"):
        starting.start(found, now=NOW + timedelta(seconds=59))  # asked a moment ago
    provider.append([LISTED])
    starting.start(found, now=NOW + timedelta(minutes=1))
    assert found.status == "running"


def test_without_an_answer_what_is_known_counts(running: Broadcast, provider: list[Any]) -> None:
    Broadcast.objects.update(status="draft", started_at=None)
    found = Broadcast.objects.select_related("sender", "template", "business").get()
    provider.append(None)
    starting.start(found, now=NOW)
    assert found.status == "running"


def test_a_template_that_becomes_green_or_is_paused_may_hold_what_left_before(visit: MessageTemplate) -> None:
    sender = Sender.objects.get()
    template_sync.keep(sender, [replace(LISTED, quality="YELLOW")], now=NOW)
    template_sync.keep(sender, [LISTED], now=NOW + HOUR)
    assert MessageTemplate.objects.get().paced_until == NOW + HOUR
    template_sync.keep(sender, [replace(LISTED, status="PAUSED")], now=NOW + 2 * HOUR)
    assert MessageTemplate.objects.get().paced_until == NOW + 2 * HOUR + timedelta(days=7)


def test_another_template_is_not_looked_at(running: Broadcast) -> None:
    make_template(Sender.objects.get(), name="other")
    template_sync.keep(Sender.objects.get(), [LISTED], now=NOW)
    assert Broadcast.objects.get().status == "running"


@pytest.mark.parametrize(("status", "due"), [("PENDING", True), ("APPROVED", False), ("REJECTED", False)])
def test_while_a_template_waits_for_approval_its_account_is_asked_every_five_minutes(
    visit: MessageTemplate, status: str, due: bool
) -> None:
    MessageTemplate.objects.update(status=status, synced_at=NOW - timedelta(minutes=6))
    assert is_due(NOW) is due
    MessageTemplate.objects.update(synced_at=NOW - timedelta(minutes=5))
    assert not is_due(NOW)
