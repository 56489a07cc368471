"""A message from or to a person at once takes back the fifth of a number that broadcasts had while nobody chatted."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from testing.broadcasts import addresses
from whatsapp.models import DirectMessage, InboundMessage, Sender
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.sending import direct
from whatsapp.sending.limiter import limiter
from whatsapp.webhooks.applying import apply_news
from whatsapp.webhooks.tests.notes import cloud_notice, post_cloud

PERSON = addresses(1)[0]


def interval(sender: Sender) -> float:
    """Returns the seconds between the slots of the number's broadcasts."""
    return limiter().reserve(sender, 1, datetime.now(UTC).timestamp()).interval


@pytest.mark.parametrize(("what", "is_chat"), [("reply", True), ("reaction", False)])
def test_a_persons_message_has_broadcasts_leave_room(
    client: Client, sender: Sender, what: str, is_chat: bool, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.WHATSAPP_APP_SECRET = "an-app-secret"
    alone = interval(sender)
    said = Happening(PERSON, "", "", what, datetime.now(UTC), text="Are you open?", own_id="wamid.in.1")
    post_cloud(client, cloud_notice([said]))
    with django_capture_on_commit_callbacks(execute=True):
        assert apply_news(datetime.now(UTC))
    assert interval(sender) == pytest.approx(1.25 * alone if is_chat else alone)


def test_a_message_to_one_person_has_broadcasts_leave_room_before_it_leaves(sender: Sender) -> None:
    now = datetime.now(UTC)
    InboundMessage.objects.create(
        business=sender.business,
        sender=sender,
        provider=sender.provider,
        address=PERSON,
        provider_message_id="wamid.in.1",
        kind="text",
        text="Are you open?",
        received_at=now - timedelta(hours=2),
    )
    alone = interval(sender)
    DirectMessage.objects.create(
        key=uuid.uuid4(),
        business=sender.business,
        sender=sender,
        provider=sender.provider,
        kind="reply",
        address=PERSON,
        text="Until six.",
        status="pending",
        created_at=now,
    )
    (waiting,) = direct.waiting(now)
    assert interval(sender) == pytest.approx(alone)
    assert direct.claim(waiting, now) is not None
    assert interval(sender) == pytest.approx(1.25 * alone)
