"""What the loop does next: which broadcasts begin, go on and end now, and whether there is anything to wait for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from businesses.models import Business
from testing.broadcasts import addresses, make_broadcast, make_sender
from whatsapp.models import Broadcast, MessageTemplate, Recipient, Sender
from whatsapp.sending import agenda
from whatsapp.states import BroadcastStatus, RecipientStatus

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def has_work() -> bool:
    return agenda.read_agenda(NOW).has_work


def only(status: str, **fields: Any) -> None:
    """Let all rows be in this state."""
    Recipient.objects.update(status=status, **fields)


# Which are sent ---------------------------------------------------------------------------------------------------
def test_running_broadcasts_are_sent_by_number_the_oldest_first(
    acme: Business, sender: Sender, template: MessageTemplate
) -> None:
    other = make_sender(acme, number_id="1056")
    late = make_broadcast(sender, template, addresses(1), started_at=NOW)
    early = make_broadcast(sender, template, addresses(1), started_at=NOW - MOMENT)
    third = make_broadcast(other, template, addresses(1))
    for status in set(BroadcastStatus) - {BroadcastStatus.RUNNING}:
        make_broadcast(sender, template, [], status=status)
    found = agenda.read_agenda(NOW).dispatches
    keys = {number: [dispatch.broadcast_id for dispatch in each] for number, each in found.items()}
    assert keys == {sender.pk: [early.pk, late.pk], other.pk: [third.pk]}
    Business.objects.update(is_active=False)
    assert agenda.read_agenda(NOW).dispatches == {}


# Whether to go on -------------------------------------------------------------------------------------------------
def test_a_row_that_can_leave_or_land_is_work_and_so_is_the_end(broadcast: Broadcast) -> None:
    first = Recipient.objects.order_by("pk")[0]
    tomorrow = NOW + timedelta(days=1)
    for status in RecipientStatus:
        why = "opted_out" if status == "skipped" else ""
        only(status, next_attempt_at=tomorrow, skip_reason=why)
        assert has_work() is (status != "retry_wait"), "with nothing open it is to be completed"
        only("retry_wait", next_attempt_at=tomorrow, skip_reason="")
        Recipient.objects.filter(pk=first.pk).update(status=status, skip_reason=why)
        assert has_work() is (status in {"pending", "claimed", "sending"}), status


def test_a_retry_within_a_quarter_of_an_hour_is_waited_for(broadcast: Broadcast) -> None:
    only("retry_wait", next_attempt_at=NOW + timedelta(hours=20))
    first = Recipient.objects.order_by("-pk")[0]
    for wait, is_waited_for in ((timedelta(minutes=15) - MOMENT, True), (timedelta(minutes=15), False)):
        Recipient.objects.filter(pk=first.pk).update(next_attempt_at=NOW + wait)
        assert has_work() is is_waited_for


def test_of_two_broadcasts_one_with_work_is_enough(
    sender: Sender, template: MessageTemplate, broadcast: Broadcast
) -> None:
    only("retry_wait", next_attempt_at=NOW + timedelta(days=1))
    assert not has_work()
    make_broadcast(sender, template, addresses(1), started_at=NOW - timedelta(days=1))
    assert has_work()


@pytest.mark.parametrize(
    ("status", "fields", "expected"),
    [
        ("scheduled", {"scheduled_at": NOW}, True),
        ("scheduled", {"scheduled_at": NOW + MOMENT}, False),
        ("paused", {"resume_at": NOW}, True),
        ("paused", {"resume_at": NOW + MOMENT}, False),
        ("paused", {}, False),
        ("paused", {"scheduled_at": NOW}, False),
        ("preparing", {}, True),
        ("cancelling", {}, True),
        ("draft", {"scheduled_at": NOW, "resume_at": NOW}, False),
        ("completed", {}, False),
        ("missed", {}, False),
    ],
)
def test_what_is_about_to_run_or_end_is_work(
    broadcast: Broadcast, status: str, fields: dict[str, Any], expected: bool
) -> None:
    Broadcast.objects.update(status=status, **fields)
    assert has_work() is expected


# What begins and ends by itself -----------------------------------------------------------------------------------
def test_broadcasts_start_resume_and_end_when_they_are_due(sender: Sender, template: MessageTemplate) -> None:
    waiting: dict[str, dict[str, Any]] = {
        "due": {"status": "scheduled", "scheduled_at": NOW},
        "not yet due": {"status": "scheduled", "scheduled_at": NOW + MOMENT},
        "pause is over": {"status": "paused", "resume_at": NOW, "pause_reason": "window"},
        "pause lasts": {"status": "paused", "resume_at": NOW + MOMENT, "pause_reason": "window"},
        "paused by a person": {"status": "paused", "pause_reason": "user"},
        "cancelled": {"status": "cancelling"},
        "running": {},
    }
    made = {name: make_broadcast(sender, template, addresses(2), **fields) for name, fields in waiting.items()}
    agenda.tend(NOW)
    found = {name: Broadcast.objects.get(pk=broadcast.pk).status for name, broadcast in made.items()}
    assert found == {
        "due": "running",
        "not yet due": "scheduled",
        "pause is over": "running",
        "pause lasts": "paused",
        "paused by a person": "paused",
        "cancelled": "cancelled",
        "running": "running",
    }
    assert set(Recipient.objects.filter(broadcast=made["cancelled"]).values_list("status", flat=True)) == {"cancelled"}


def test_only_what_is_being_prepared_is_prepared(broadcast: Broadcast) -> None:
    assert agenda.prepare_some(NOW) is False
    broadcast.refresh_from_db()
    assert broadcast.status == "running"
