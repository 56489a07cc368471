"""Statuses of messages that other software sent on our number, and of messages to one person beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from testing.meta import ThreadedMeta
from whatsapp.models import Broadcast, DirectMessage, NewsProblem, Sender, WebhookNews
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.webhooks.applying import apply_news
from whatsapp.webhooks.tests.notes import AT, cloud_notice, post_cloud


def asked_for(client: Client, statuses: int) -> list[str]:
    """Returns what a parcel of so many statuses of nobody's messages asks the database, half of them with a mark."""
    told = [
        Happening(f"97255{number:07d}", f"wamid.{uuid4()}", str(uuid4()) if number % 2 else "", "delivered", AT)
        for number in range(statuses)
    ]
    post_cloud(client, cloud_notice(told))
    with CaptureQueriesContext(connection) as asked:
        assert apply_news(datetime.now(UTC)) >= statuses, "the earlier ones may be tried again"
    return [query["sql"] for query in asked]


def test_nobodys_statuses_take_few_queries(client: Client, meta: ThreadedMeta, broadcast: Broadcast) -> None:
    few, many = asked_for(client, 10), asked_for(client, 400)
    assert len(many) == len(few)
    assert WebhookNews.objects.filter(problem=NewsProblem.NO_MESSAGE, applied_at=None).count() == 410


def letter(sender: Sender, message_id: str | None = None) -> DirectMessage:
    return DirectMessage.objects.create(
        business=sender.business, key=uuid4(), sender=sender, kind="reply", address="972550000001", text="Yes.",
        created_at=AT - timedelta(minutes=1), provider=sender.provider, status="accepted",
        provider_message_id=message_id,
    )  # fmt: skip


def test_letters_among_them_are_found_by_mark_and_by_id(client: Client, meta: ThreadedMeta, sender: Sender) -> None:
    marked, known = letter(sender), letter(sender, "wamid.known")
    told = [
        Happening("972550000001", "wamid.marked", "", "read", AT),  # the id of a letter that the next one brings
        Happening("972550000001", "wamid.marked", str(marked.pk), "delivered", AT),
        *(Happening("972550000009", f"wamid.{number}", str(uuid4()), "delivered", AT) for number in range(9)),
        Happening("972550000001", "wamid.known", "", "delivered", AT),
    ]
    post_cloud(client, cloud_notice(told))
    apply_news(datetime.now(UTC))
    marked.refresh_from_db()
    known.refresh_from_db()
    assert (marked.status, marked.provider_message_id, marked.read_at) == ("read", "wamid.marked", AT)
    assert (known.status, known.delivered_at) == ("delivered", AT)
    assert WebhookNews.objects.filter(problem="", applied_at__isnull=False).count() == 3
    assert WebhookNews.objects.filter(problem=NewsProblem.NO_MESSAGE, applied_at=None).count() == 9


def test_a_letter_of_a_number_that_the_signer_does_not_speak_for_is_not_touched(
    client: Client, meta: ThreadedMeta, sender: Sender
) -> None:
    mine = letter(sender, "wamid.mine")
    Sender.objects.filter(pk=sender.pk).update(app_key="another-app")
    post_cloud(client, cloud_notice([Happening("972550000001", "wamid.mine", str(mine.pk), "delivered", AT)]))
    apply_news(datetime.now(UTC))
    mine.refresh_from_db()
    assert (mine.status, mine.delivered_at) == ("accepted", None)
    assert WebhookNews.objects.get().problem == NewsProblem.NO_MESSAGE
