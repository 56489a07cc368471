"""Messages whose answer was lost: sent again only on proof or on a person's word, never on a guess."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from businesses.models import Business, User
from testing.broadcasts import addresses
from whatsapp.models import (
    Attempt,
    Broadcast,
    BroadcastEvent,
    DirectMessage,
    MessageTemplate,
    MessagingSettings,
    Recipient,
)
from whatsapp.reasons import Cause, reason
from whatsapp.sending import doubts, quota, sweeper

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIRST, SECOND = addresses(2)


def in_doubt(broadcast: Broadcast, age: timedelta) -> Recipient:
    row = Recipient.objects.select_related("broadcast__sender", "broadcast__business").get(address=FIRST)
    row.status, row.attempt_id, row.attempt_no = "unknown", uuid.uuid4(), 1
    row.save()
    Attempt.objects.create(
        id=row.attempt_id, business=row.business, recipient=row, no=1, started_at=NOW - age, outcome="unknown"
    )
    MessageTemplate.objects.update(quality="GREEN")
    Broadcast.objects.update(status="completed", template_category="UTILITY")
    row.broadcast.refresh_from_db()
    return row


def reports_arrive(since: timedelta) -> None:
    """Somebody who was messaged later got a check mark: webhooks work."""
    at = NOW - since
    Recipient.objects.filter(address=SECOND).update(status="sent", accepted_at=at, sent_at=at)


def state(row: Recipient) -> str:
    return Recipient.objects.get(pk=row.pk).status


def test_silence_while_later_reports_arrive_is_proof_enough(broadcast: Broadcast) -> None:
    row = in_doubt(broadcast, timedelta(minutes=16))
    reports_arrive(timedelta(minutes=5))
    doubts.weigh(NOW)
    assert (state(row), Broadcast.objects.get().status) == ("pending", "running")
    assert BroadcastEvent.objects.filter(kind="sent_again").count() == 1


def test_silence_alone_proves_nothing(broadcast: Broadcast) -> None:
    row = in_doubt(broadcast, timedelta(days=2))
    doubts.weigh(NOW)
    assert (state(row), Broadcast.objects.get().status) == ("unknown", "completed")


def test_silence_must_last(broadcast: Broadcast) -> None:
    row = in_doubt(broadcast, timedelta(minutes=14))
    reports_arrive(timedelta(minutes=5))
    doubts.weigh(NOW)
    assert state(row) == "unknown"


def test_a_message_that_meta_may_hold_back_is_waited_for_longer(broadcast: Broadcast) -> None:
    row = in_doubt(broadcast, timedelta(minutes=70))
    MessageTemplate.objects.update(quality="UNKNOWN")
    row.broadcast.refresh_from_db()
    reports_arrive(timedelta(minutes=5))
    doubts.weigh(NOW)
    assert state(row) == "unknown"
    doubts.weigh(NOW + timedelta(minutes=6))
    assert state(row) == "pending"


@pytest.mark.parametrize("policy", ["never", "ask"])
def test_a_business_may_forbid_to_send_again(acme: Business, broadcast: Broadcast, policy: str) -> None:
    MessagingSettings.objects.create(business=acme, unknown_policy=policy)
    row = in_doubt(broadcast, timedelta(hours=3))
    reports_arrive(timedelta(minutes=5))
    doubts.weigh(NOW)
    assert state(row) == "unknown"


def test_a_provider_that_has_the_message_settles_it(broadcast: Broadcast) -> None:
    row = in_doubt(broadcast, timedelta(minutes=3))
    Recipient.objects.filter(address=SECOND).update(provider_message_id="SM1")
    doubts.believe(row, ["SM1", "SM2"], NOW)
    settled = Recipient.objects.get(pk=row.pk)
    assert (settled.status, settled.provider_message_id) == ("accepted", "SM2")


def test_a_provider_that_never_had_it_gets_it_again(broadcast: Broadcast) -> None:
    row = in_doubt(broadcast, timedelta(minutes=3))
    doubts.believe(row, [], NOW)
    assert (state(row), Broadcast.objects.get().status) == ("pending", "running")


def test_an_answer_to_one_person_is_not_taken_for_the_lost_message(acme: Business, broadcast: Broadcast) -> None:
    row = in_doubt(broadcast, timedelta(minutes=3))
    DirectMessage.objects.create(
        business=acme, key=uuid.uuid4(), sender=row.broadcast.sender, kind="reply", address=FIRST, text="Hello",
        created_at=NOW, status="sent", provider=row.provider, provider_message_id="SM1",
    )  # fmt: skip
    doubts.believe(row, ["SM1"], NOW)
    assert state(row) == "pending"


def test_a_doubt_takes_a_place_of_the_24_hour_limit_for_24_hours(broadcast: Broadcast) -> None:
    sender = broadcast.sender
    sender.messaging_limit = 10
    in_doubt(broadcast, timedelta(hours=23))
    with transaction.atomic():
        assert quota.people_left(sender, NOW) == 9
        assert quota.people_left(sender, NOW + timedelta(hours=2)) == 10


def test_a_report_that_came_meanwhile_wins(broadcast: Broadcast) -> None:
    row = in_doubt(broadcast, timedelta(hours=3))
    Recipient.objects.filter(pk=row.pk).update(status="delivered")
    assert doubts.requeue([row], now=NOW, why=reason(Cause.ANSWERS_LATE)) == 0
    assert state(row) == "delivered"


def test_of_a_cancelled_broadcast_nothing_is_sent_again(broadcast: Broadcast) -> None:
    row = in_doubt(broadcast, timedelta(hours=3))
    Broadcast.objects.update(status="cancelled")
    doubts.requeue([row], now=NOW, why=reason(Cause.NEVER_ARRIVED))
    assert (state(row), Broadcast.objects.get().status) == ("cancelled", "cancelled")


def test_a_person_may_decide_and_is_named(broadcast: Broadcast) -> None:
    row = in_doubt(broadcast, timedelta(hours=3))
    dana = User.objects.create_user("dana@example.com")
    assert doubts.assume_sent([row], now=NOW, actor=dana) == 1
    assert state(row) == "assumed_sent"
    assert BroadcastEvent.objects.get(kind="assumed_sent").actor == dana


def test_the_sweeper_frees_claims_and_doubts_sendings_once_their_lease_is_over(broadcast: Broadcast) -> None:
    rows = Recipient.objects.order_by("pk")
    Recipient.objects.filter(pk=rows[0].pk).update(status="claimed", lease_until=NOW)
    Recipient.objects.filter(pk=rows[1].pk).update(status="sending", lease_until=NOW, attempt_id=uuid.uuid4())
    assert sweeper.sweep(NOW) == 0
    assert sweeper.sweep(NOW + timedelta(seconds=1)) == 2
    assert [rows[0].status, rows[1].status] == ["pending", "unknown"]


def test_what_is_not_delivered_for_30_days_has_expired(broadcast: Broadcast) -> None:
    Recipient.objects.update(status="delivered", accepted_at=NOW - timedelta(days=31))
    Recipient.objects.filter(address=FIRST).update(status="sent")
    Broadcast.objects.update(status="completed", started_at=NOW - timedelta(days=32))
    sweeper.settle(NOW)
    assert Recipient.objects.get(address=FIRST).status == "expired"
    assert Broadcast.objects.get().settled_at == NOW
