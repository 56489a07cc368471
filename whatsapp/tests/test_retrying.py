"""Retrying failed people: only those who can still be reached, each once, whatever is clicked or reported meanwhile."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from businesses.models import Business, User
from businesses.tenancy import acting_for
from testing.broadcasts import addresses, make_broadcast
from testing.meta import ThreadedMeta
from whatsapp.conftest import Report, Send, states
from whatsapp.control import retrying
from whatsapp.errors import IllegalChange, NotSendable
from whatsapp.models import Broadcast, BroadcastEvent, MessageTemplate, Recipient, Sender
from whatsapp.pages import history
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.providers.sandbox.script import Action
from whatsapp.reasons import Cause, reason
from whatsapp.states import PASSING_ERRORS, BroadcastStatus, ErrorClass
from whatsapp.tests.conftest import NOW
from whatsapp.webhooks.applying import apply_news
from whatsapp.webhooks.tests.notes import cloud_notice, post_cloud

FIRST = addresses(1)[0]


@pytest.fixture
def clinic(acme: Business) -> Business:
    """The business that the stand-in for Meta knows."""
    return acme


@pytest.fixture
def sent(broadcast: Broadcast) -> Broadcast:
    """A completed broadcast to 20 people, of whom one failed for each class of error."""
    rows = list(Recipient.objects.filter(broadcast=broadcast))
    for row, error_class in zip(rows, ErrorClass, strict=False):
        row.status, row.error_class, row.failed_at, row.error_text = "failed", error_class, NOW, "in words"
        row.attempt_no, row.attempt_id, row.provider_message_id = 1, uuid.uuid4(), f"wamid.{row.pk}"
        row.save()
    Recipient.objects.filter(broadcast=broadcast, status="pending").update(status="delivered", delivered_at=NOW)
    Broadcast.objects.update(status="completed", completed_at=NOW, settled_at=NOW)
    broadcast.refresh_from_db()
    return broadcast


def test_those_with_a_passing_failure_wait_again_and_nobody_else(sent: Broadcast, operator: User) -> None:
    assert {row.error_class for row in retrying.retryable(sent)} == set(PASSING_ERRORS)
    assert retrying.retry(sent, now=NOW + timedelta(hours=30), actor=operator) == len(PASSING_ERRORS)
    assert states(sent) == {"pending": 5, "failed": 4, "delivered": 11}
    assert (sent.status, sent.completed_at, sent.settled_at) == (BroadcastStatus.RUNNING, None, None)
    row = Recipient.objects.filter(broadcast=sent, status="pending")[0]
    assert (row.failed_at, row.error_class, row.provider_message_id, row.attempt_no) == (None, "", None, 1)
    event = BroadcastEvent.objects.get(broadcast=sent)
    assert (event.kind, event.actor, history.detail(event)) == ("reopened", operator, "Failed messages sent again: 5")


def test_of_two_clicks_one_counts(sent: Broadcast) -> None:
    second = Broadcast.objects.get(pk=sent.pk)
    assert retrying.retry(sent, now=NOW) == 5
    assert retrying.retry(second, now=NOW) == 0
    assert BroadcastEvent.objects.filter(broadcast=sent).count() == 1


def test_whom_meta_spares_waits_for_a_day(sent: Broadcast) -> None:
    retrying.retry(sent, now=NOW + timedelta(hours=2))
    waiting = Recipient.objects.get(broadcast=sent, status="retry_wait")
    assert waiting.next_attempt_at == NOW + timedelta(hours=24)


def test_one_person_alone(sent: Broadcast) -> None:
    chosen, refused = retrying.retryable(sent)[0], Recipient.objects.filter(error_class="permanent")[0]
    assert retrying.retry(sent, now=NOW, ids=[chosen.pk, refused.pk]) == 1
    chosen.refresh_from_db()
    assert chosen.status == "pending"


@pytest.mark.parametrize("status", sorted(set(BroadcastStatus) - set(retrying.RETRYABLE_IN)))
def test_a_broadcast_that_is_not_sent_or_was_cancelled_refuses(sent: Broadcast, status: BroadcastStatus) -> None:
    Broadcast.objects.update(status=status)
    with pytest.raises(IllegalChange):
        retrying.retry(sent, now=NOW)
    assert retrying.retryable(sent).count() == 5


@pytest.mark.parametrize("trouble", ["template", "sender"])
def test_what_cannot_be_sent_is_refused(
    sent: Broadcast, template: MessageTemplate, sender: Sender, trouble: str
) -> None:
    if trouble == "template":
        MessageTemplate.objects.update(status="PAUSED")
    else:
        Sender.objects.update(health="blocked", **reason(Cause.OTHER, text="Connect it again.").kept())
    with pytest.raises(NotSendable):
        retrying.retry(sent, now=NOW)
    assert (retrying.retryable(sent).count(), BroadcastEvent.objects.count()) == (5, 0)


def test_a_paused_broadcast_stays_paused(sent: Broadcast) -> None:
    Broadcast.objects.update(status="paused", pause_reason="user")
    assert retrying.retry(sent, now=NOW) == 5
    assert sent.status == "paused"


def test_another_business_has_nothing_to_retry(sent: Broadcast) -> None:
    other = Business.objects.create(name="Beta", slug="beta")
    with acting_for(other), pytest.raises(Broadcast.DoesNotExist):
        retrying.retry(sent, now=NOW)
    assert retrying.retryable(sent).count() == 5


def test_from_failure_to_delivery(
    meta: ThreadedMeta, sender: Sender, template: MessageTemplate, send: Send, report: Report
) -> None:
    broadcast = make_broadcast(sender, template, addresses(4))
    meta.script = lambda address, nth: Action(fails_later=131000 if nth == 1 and address == FIRST else 0)
    send()
    report()
    send(run_for_s=0.1)
    assert states(broadcast) == {"delivered": 3, "failed": 1}
    assert retrying.retry(broadcast, now=NOW) == 1
    send()
    report()
    send(run_for_s=0.1)
    assert states(broadcast) == {"delivered": 4}
    assert sorted(post.address for post in meta.posts) == sorted([*addresses(4), FIRST])


@pytest.mark.parametrize(
    ("what", "becomes"), [("sent", "pending"), ("failed", "pending"), ("delivered", "delivered"), ("read", "read")]
)
def test_late_news_of_the_failed_attempt_stops_the_retry_only_if_it_arrived(
    client: Client, meta: ThreadedMeta, sent: Broadcast, what: str, becomes: str
) -> None:
    row: Any = retrying.retryable(sent)[0]
    row.attempts.create(business=row.business, id=row.attempt_id, no=1, started_at=NOW, outcome="accepted")
    late = Happening(row.address, row.provider_message_id, str(row.attempt_id), what, NOW)
    retrying.retry(sent, now=NOW)
    post_cloud(client, cloud_notice([late]))
    while apply_news(NOW + timedelta(days=1)):
        pass
    row.refresh_from_db()
    assert row.status == becomes
