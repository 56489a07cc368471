"""News that the database refuses holds up nothing else; an id that two messages claim is one's only."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from testing.meta import ThreadedMeta
from whatsapp.broadcasts.course import Change
from whatsapp.models import Broadcast, InboundMessage, Recipient, WebhookNews
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.webhooks import people
from whatsapp.webhooks.applying import apply_news
from whatsapp.webhooks.origin import INSTALLATION
from whatsapp.webhooks.tests.notes import AT, cloud_notice, post_cloud


@pytest.fixture
def rows(meta: ThreadedMeta, broadcast: Broadcast) -> list[Recipient]:
    """Three people whose messages are under way, ids unknown."""
    rows = list(Recipient.objects.filter(broadcast=broadcast)[:3])
    for row in rows:
        row.status, row.attempt_id = "unknown", uuid.uuid4()
        row.save()
    return rows


def apply() -> None:
    while apply_news(datetime.now(UTC)):
        pass


def test_two_messages_that_claim_one_id_are_both_lifted(client: Client, rows: list[Recipient]) -> None:
    post_cloud(
        client,
        cloud_notice([Happening(str(row.address), "wamid.same", str(row.attempt_id), "sent", AT) for row in rows[:2]]),
    )
    # As Meta's keys go, the second would be a repetition: it is another message's, so it comes by itself.
    WebhookNews.objects.create(
        provider="cloud",
        kind="status",
        number_id="1055",
        dedupe_key="another",
        verified_by=INSTALLATION,
        received_at=AT,
        payload={
            "field": "statuses",
            "number_id": "1055",
            "one": {
                "id": "wamid.same",
                "status": "delivered",
                "timestamp": "1764000000",
                "biz_opaque_callback_data": str(rows[2].attempt_id),
            },
        },
    )
    apply()
    kept = {row.status: row.provider_message_id for row in Recipient.objects.filter(pk__in=[r.pk for r in rows])}
    assert kept["sent"] == "wamid.same"
    assert kept["delivered"] is None
    assert not WebhookNews.objects.filter(applied_at=None).exists()


def test_one_piece_that_the_database_refuses_does_not_hold_up_the_others(
    client: Client, rows: list[Recipient], monkeypatch: Any
) -> None:
    real = people.receive

    def refuse(news: WebhookNews, event: Any, moved: list[Change], now: datetime) -> bool:
        if event.text == "poison":
            raise IntegrityError("as if")
        return real(news, event, moved, now)

    monkeypatch.setattr(people, "receive", refuse)
    said = [
        Happening(str(rows[0].address), f"wamid.{n}", "", "reply", AT, text=t) for n, t in enumerate(("poison", "hi"))
    ]
    post_cloud(client, cloud_notice([*said, Happening(str(rows[1].address), "w", str(rows[1].attempt_id), "read", AT)]))
    apply()
    assert InboundMessage.objects.get().text == "hi"
    rows[1].refresh_from_db()
    assert rows[1].status == "read"
    assert WebhookNews.objects.get(applied_at=None).problem == "unkeepable"
