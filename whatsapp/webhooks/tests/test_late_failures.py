"""Failures that are reported after the message was accepted pause a broadcast as those that are answered at once."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from businesses.models import Business
from testing.broadcasts import addresses, make_broadcast
from whatsapp.broadcasts import lifecycle
from whatsapp.control import retrying
from whatsapp.models import Attempt, Broadcast, MessageTemplate, Recipient, Sender
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.states import PauseReason
from whatsapp.webhooks.applying import apply_news
from whatsapp.webhooks.tests.notes import AT, cloud_notice, post_cloud

pytestmark = pytest.mark.usefixtures("meta")


@pytest.fixture
def sent(sender: Sender, template: MessageTemplate) -> Broadcast:
    """A running broadcast to 120 people, of whom 100 were accepted."""
    running = make_broadcast(sender, template, addresses(120))
    leave(running, 100)
    return running


def leave(broadcast: Broadcast, people: int, *, again: bool = False) -> None:
    """Let the messages of the first people be accepted, the first time or again."""
    now = datetime.now(UTC)
    for row in Recipient.objects.filter(broadcast=broadcast).order_by("pk")[:people]:
        row.status, row.attempt_id, row.attempt_no = "accepted", uuid.uuid4(), row.attempt_no + 1
        row.provider_message_id, row.accepted_at = f"wamid.{row.pk}.{'again' if again else ''}", now
        row.save()
        Attempt.objects.create(
            id=row.attempt_id, business=row.business, recipient=row, no=row.attempt_no, started_at=now
        )


def report(client: Client, broadcast: Broadcast, what: str, code: int, people: slice) -> Broadcast:
    """Post one webhook about these people. Returns the broadcast as it is then."""
    told = [
        Happening(str(row.address), str(row.provider_message_id), str(row.attempt_id), what, AT, code)
        for row in Recipient.objects.filter(broadcast=broadcast).order_by("pk")[people]
    ]
    post_cloud(client, cloud_notice(told))
    while apply_news(datetime.now(UTC)):
        pass
    return Broadcast.objects.get(pk=broadcast.pk)


@pytest.mark.parametrize("code", [131053, 132012, 131008, 131000])
def test_five_that_fail_later_for_what_was_sent_pause_the_broadcast(client: Client, sent: Broadcast, code: int) -> None:
    report(client, sent, "delivered", 0, slice(5))
    assert report(client, sent, "failed", code, slice(5, 9)).status == "running"
    paused = report(client, sent, "failed", code, slice(9, 10))
    assert (paused.status, paused.pause_reason) == ("paused", PauseReason.ERROR_BURST)
    assert paused.cause_data["code"] == str(code)


def test_people_who_cannot_be_reached_pause_it_only_when_that_is_everybody(client: Client, sent: Broadcast) -> None:
    assert report(client, sent, "failed", 131026, slice(20)).status == "running", "an old list may begin so"
    assert report(client, sent, "delivered", 0, slice(20, 40)).status == "running"
    assert report(client, sent, "failed", 131026, slice(40, 69)).status == "running"
    paused = report(client, sent, "failed", 131026, slice(69, 70))
    assert (paused.status, paused.pause_reason) == ("paused", PauseReason.ERROR_BURST)
    assert retrying.retryable(paused).count() == 50


def test_a_share_of_faults_pauses_it_wherever_they_lie(client: Client, sent: Broadcast) -> None:
    for start in range(0, 64, 4):
        report(client, sent, "delivered", 0, slice(start, start + 3))
        found = report(client, sent, "failed", 131009, slice(start + 3, start + 4))
        assert (found.status == "paused") == (start >= 48), start  # 13 of 52


def test_a_template_wide_fault_pauses_at_once_and_one_person_s_values_do_not(client: Client, sent: Broadcast) -> None:
    report(client, sent, "delivered", 0, slice(1))
    assert report(client, sent, "failed", 132012, slice(1, 2)).status == "running"
    paused = report(client, sent, "failed", 132000, slice(2, 3))
    assert (paused.status, paused.pause_reason, paused.burst_codes) == ("paused", PauseReason.TEMPLATE, ["132000"])


def test_one_that_was_delivered_after_all_has_not_failed(client: Client, sent: Broadcast) -> None:
    report(client, sent, "delivered", 0, slice(10))
    assert report(client, sent, "failed", 131008, slice(10)).status == "running"


def test_what_was_burned_is_retried_and_the_same_failures_do_not_pause_it_again(
    client: Client, sent: Broadcast
) -> None:
    report(client, sent, "delivered", 0, slice(3))
    report(client, sent, "failed", 131053, slice(3, 13))
    report(client, sent, "failed", 131008, slice(13, 14))
    paused = report(client, sent, "failed", 131026, slice(14, 15))
    assert paused.burst_codes == ["131053"]
    call_command("retry_broadcast", str(sent.pk))
    assert Recipient.objects.filter(broadcast=sent, status="pending").count() == 20 + 10
    assert Recipient.objects.filter(broadcast=sent, status="failed").count() == 2
    lifecycle.resume(paused, now=datetime.now(UTC))
    assert report(client, sent, "failed", 131008, slice(15, 25)).status == "running", "they left before"
    leave(sent, 30, again=True)
    Recipient.objects.filter(broadcast=sent, status="failed").update(status="delivered")
    assert report(client, sent, "failed", 131053, slice(3, 8)).status == "paused"


def test_after_its_end_a_burst_is_noted_for_the_button(client: Client, sent: Broadcast) -> None:
    Recipient.objects.filter(broadcast=sent, status="pending").update(status="delivered")
    Broadcast.objects.update(status="completed")
    ended = report(client, sent, "failed", 132012, slice(100))
    assert (ended.status, ended.burst_codes) == ("completed", ["132012"])
    assert retrying.retry(ended, now=datetime.now(UTC)) == 100


def test_a_lost_number_is_a_fault_of_the_number(client: Client, acme: Business, sent: Broadcast) -> None:
    row = Recipient.objects.filter(broadcast=sent).order_by("pk")[0]
    body: Any = {
        "id": row.provider_message_id, "status": "failed", "timestamp": str(int(AT.timestamp())),
        "recipient_id": "1", "errors": [{"code": 100, "error_subcode": 33, "title": "Unsupported post request"}],
    }  # fmt: skip
    told = cloud_notice([]).replace(
        b'"messaging_product"', b'"statuses": [%s], "messaging_product"' % json.dumps(body).encode()
    )
    post_cloud(client, told)
    apply_news(datetime.now(UTC) + timedelta(seconds=1))
    paused = Broadcast.objects.get(pk=sent.pk)
    assert (paused.status, paused.pause_reason) == ("paused", PauseReason.ACCOUNT)
    assert Sender.objects.get(pk=sent.sender_id).health == "blocked"
