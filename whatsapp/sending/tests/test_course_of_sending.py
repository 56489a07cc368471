"""Sending, reports, replies and retries keep a broadcast's course as it happens: it is always what its rows say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from testing.broadcasts import addresses, make_broadcast
from testing.meta import ThreadedMeta
from whatsapp.broadcasts import course
from whatsapp.conftest import Report, Send
from whatsapp.control import retrying
from whatsapp.models import Broadcast, BroadcastCourse, CourseStep, MessageTemplate, Recipient, Sender
from whatsapp.sending import doubts
from whatsapp.webhooks.applying import apply_news
from whatsapp.webhooks.tests.notes import cloud_change, post_cloud


@pytest.fixture
def broadcast(sender: Sender, template: MessageTemplate) -> Broadcast:
    made = make_broadcast(sender, template, addresses(20))
    course.begin(made)
    return made


def sums(broadcast: Broadcast) -> tuple[int, int, int, int]:
    """Returns how many were sent, delivered, read and had replied, after a look at whether the rows say the same."""
    names = ("at", "sent", "delivered", "read", "replied")
    now = datetime.now(UTC)
    kept = [step for step in CourseStep.objects.values_list(*names) if any(step[1:])]
    CourseStep.objects.all().delete()
    assert BroadcastCourse.objects.filter(is_counted=True).update(is_counted=False) == 1
    course.of(broadcast, now)
    assert kept == list(CourseStep.objects.values_list(*names))
    sent, delivered, read, replied = (sum(step[place] for step in kept) for place in (1, 2, 3, 4))
    return sent, delivered, read, replied


def applied() -> None:
    while apply_news(datetime.now(UTC)):
        pass


def says(client: Client, row: Recipient, message_id: str, at: datetime, **fields: Any) -> None:
    """A person answers a message of ours."""
    message = {
        "from": (row.address or "").lstrip("+"),
        "id": message_id,
        "timestamp": str(int(at.timestamp())),
        "type": "text",
        "text": {"body": "Thank you"},
        "context": {"id": row.provider_message_id},
        **fields,
    }
    body = cloud_change("messages", metadata={"phone_number_id": "1055"}, messages=[message])
    assert post_cloud(client, body).status_code == 200
    applied()


def test_sending_reports_and_replies(client: Client, broadcast: Broadcast, send: Send, report: Report) -> None:
    send()
    assert sums(broadcast) == (20, 0, 0, 0)
    report()
    applied()
    delivered = Recipient.objects.filter(delivered_at__isnull=False).count()
    read = Recipient.objects.filter(read_at__isnull=False).count()
    assert sums(broadcast) == (20, delivered, read, 0)
    assert delivered
    first, second = Recipient.objects.filter(provider_message_id__isnull=False)[:2]
    now = datetime.now(UTC)
    for row, message_id, age_s in ((first, "m1", 0), (first, "m1", 0), (second, "m2", 5), (first, "m3", 40)):
        says(client, row, message_id, now - timedelta(seconds=age_s))
    assert sums(broadcast) == (20, delivered, read, 2), (
        "a repeated message, and one that was written before, are no more"
    )


def test_a_message_that_is_tried_again_is_no_longer_sent(broadcast: Broadcast, meta: ThreadedMeta, send: Send) -> None:
    send()
    Recipient.objects.update(status="failed", error_class="retry", failed_at=datetime.now(UTC))
    assert retrying.retry(broadcast, now=datetime.now(UTC)) == 20
    assert sums(broadcast) == (0, 0, 0, 0)
    send()
    assert sums(broadcast) == (20, 0, 0, 0)


def test_a_lost_answer_counts_when_the_message_is_found(broadcast: Broadcast) -> None:
    row = Recipient.objects.select_related("broadcast__business").filter(broadcast=broadcast)[0]
    Recipient.objects.filter(pk=row.pk).update(status="unknown")
    for _twice in range(2):
        doubts.believe(row, ["wamid.found"], datetime.now(UTC))
    assert sums(broadcast) == (1, 0, 0, 0)
