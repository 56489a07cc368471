"""Messages to one person: sent once per form, only within 24 hours, and settled by reports when an answer was lost."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from businesses.models import Business, PhoneNumber, User
from businesses.tenancy import acting_for
from testing.broadcasts import addresses
from testing.meta import ThreadedMeta
from whatsapp.broadcasts.reasons import reason_of
from whatsapp.conftest import Report, Send
from whatsapp.errors import BadAudience, BadTemplate, NotConnected, OptedOut, WhatsappError, WindowClosed
from whatsapp.inbox import direct_messages
from whatsapp.models import (
    Contact,
    DirectMessage,
    InboundMessage,
    MessageTemplate,
    Sender,
    SuppressionCategory,
    SuppressionSource,
    WebhookNews,
)
from whatsapp.people import suppressions
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.providers.sandbox.script import Action, Reaction, accept_and, refuse
from whatsapp.sending import direct
from whatsapp.webhooks.tests.notes import cloud_notice, post_cloud

FIRST = addresses(1)[0]
KEY = uuid.UUID(int=7)


@pytest.fixture
def clinic(acme: Business) -> Business:
    """The business that the stand-in for Meta knows."""
    PhoneNumber.objects.create(number="+97231234567", business=acme)
    return acme


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def said(clinic: Business, sender: Sender, now: datetime) -> InboundMessage:
    """A message that a person wrote an hour ago."""
    return write(sender, "Are you open?", now - timedelta(hours=1))


def write(sender: Sender, text: str, at: datetime, action: str = "") -> InboundMessage:
    return InboundMessage.objects.create(
        business=sender.business,
        sender=sender,
        provider=sender.provider,
        address=FIRST,
        provider_message_id=f"wamid.{uuid.uuid4()}",
        kind="text",
        text=text,
        action=action,
        received_at=at,
    )


def opt_out(business: Business, now: datetime) -> None:
    suppressions.suppress(business, FIRST, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=now)


def test_a_reply_is_kept_and_sent_once_however_often_it_is_clicked(
    meta: ThreadedMeta, said: InboundMessage, send: Send, report: Report, operator: User, now: datetime
) -> None:
    first = direct_messages.reply(said, " Until six. ", key=KEY, now=now, actor=operator)
    assert direct_messages.reply(said, "Until six.", key=KEY, now=now).pk == first.pk
    send()
    send()
    assert [(text["to"], text["text"]["body"]) for text in meta.texts] == [(FIRST, "Until six.")]
    assert meta.texts[0]["biz_opaque_callback_data"] == str(first.pk)
    kept = DirectMessage.objects.get()
    assert (kept.status, kept.text, kept.answers, kept.created_by) == ("accepted", "Until six.", said, operator)


@pytest.mark.parametrize(("age", "open_"), [(timedelta(hours=23, minutes=59), True), (timedelta(hours=24), False)])
def test_the_window_is_a_day_from_the_last_message(
    said: InboundMessage, now: datetime, age: timedelta, open_: bool
) -> None:
    later = said.received_at + age
    assert direct_messages.reply_until(said, now=later) == (said.received_at + timedelta(days=1) if open_ else None)
    if open_:
        direct_messages.reply(said, "x", key=KEY, now=later)
        return
    with pytest.raises(WindowClosed):
        direct_messages.reply(said, "x", key=KEY, now=later)
    assert not DirectMessage.objects.exists()


def test_an_old_message_may_be_answered_if_the_person_wrote_again(
    said: InboundMessage, sender: Sender, now: datetime
) -> None:
    write(sender, "Hello?", now + timedelta(hours=20))
    assert direct_messages.reply_until(said, now=now + timedelta(hours=40)) == now + timedelta(hours=44)


def test_a_reply_that_waited_too_long_is_not_sent(
    meta: ThreadedMeta, said: InboundMessage, send: Send, now: datetime
) -> None:
    direct_messages.reply(said, "x", key=KEY, now=now)
    InboundMessage.objects.update(received_at=now - timedelta(hours=25))
    send()
    assert (DirectMessage.objects.get().status, meta.texts) == ("failed", [])


@pytest.mark.parametrize("text", ["", "  \n", "x" * 4097, "a\0b"])
def test_a_text_that_cannot_be_sent_is_refused(said: InboundMessage, now: datetime, text: str) -> None:
    with pytest.raises(WhatsappError):
        direct_messages.reply(said, text, key=KEY, now=now)
    assert not DirectMessage.objects.exists()


def test_whoever_opted_out_is_left_alone_until_they_write_again(
    clinic: Business, sender: Sender, now: datetime
) -> None:
    stop = write(sender, "STOP", now - timedelta(minutes=5), action="opt_out")
    opt_out(clinic, now - timedelta(minutes=4))
    with pytest.raises(OptedOut):
        direct_messages.reply(stop, "Why?", key=KEY, now=now)
    question = write(sender, "And my order?", now - timedelta(minutes=1))
    assert direct_messages.reply(question, "It is on its way.", key=KEY, now=now).status == "pending"


def test_a_number_that_needs_attention_takes_nothing(
    said: InboundMessage, sender: Sender, template: MessageTemplate, now: datetime
) -> None:
    sender.health = said.sender.health = "blocked"
    with pytest.raises(NotConnected):
        direct_messages.reply(said, "x", key=KEY, now=now)
    with pytest.raises(NotConnected):
        direct_messages.send_test(sender, template, to=FIRST, params={"first_name": "A"}, key=KEY, now=now)
    assert not DirectMessage.objects.exists()


def test_a_template_is_tried_on_ones_own_number(
    meta: ThreadedMeta, clinic: Business, sender: Sender, template: MessageTemplate, send: Send, report: Report
) -> None:
    for _ in range(2):
        made = direct_messages.send_test(
            sender, template, to="050-000-0000", params={"first_name": "Dana"}, key=KEY, now=datetime.now(UTC)
        )
    send()
    assert [post.address for post in meta.posts] == ["+972500000000"]
    report()
    send(run_for_s=0.1)
    made.refresh_from_db()
    assert (made.status, made.text, made.kind) == ("delivered", "Hi Dana", "test")


def test_a_template_to_one_person_leaves_once(
    meta: ThreadedMeta, clinic: Business, sender: Sender, template: MessageTemplate, send: Send, now: datetime
) -> None:
    person = Contact.objects.create(business=clinic, phone=FIRST)
    for _ in range(2):
        direct_messages.send_template(
            sender, template, to=person.address, params={"first_name": "Dana"}, key=KEY, now=now
        )
    send()
    send()
    assert [post.address for post in meta.posts] == [FIRST]
    kept = DirectMessage.objects.get()
    assert (kept.status, kept.kind, kept.tries) == ("accepted", "template", 1)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"to": "12"}, BadAudience),
        ({"params": {}}, BadAudience),
        ({"params": {"first_name": "=1+1"}}, BadAudience),
        ({"status": "PAUSED"}, BadTemplate),
        ({"account_id": "other"}, BadTemplate),
        ({"components": [{"type": "CAROUSEL"}]}, BadTemplate),
        ({"to": FIRST}, OptedOut),
    ],
)
def test_what_cannot_be_tried_is_refused_and_nothing_is_kept(
    clinic: Business, sender: Sender, template: MessageTemplate, now: datetime, change: dict[str, Any], error: type
) -> None:
    opt_out(clinic, now)
    asked = {"to": "+972501234567", "params": {"first_name": "Dana"}}
    for name, value in change.items():
        if name in asked:
            asked[name] = value
        else:
            setattr(template, name, value)
    with pytest.raises(error):
        direct_messages.send_test(sender, template, key=KEY, now=now, **asked)  # type: ignore[arg-type]
    assert not DirectMessage.objects.exists()


@pytest.mark.parametrize("lost", [accept_and(Reaction.SERVER_ERROR), accept_and(Reaction.RESET)], ids=["500", "reset"])
def test_a_lost_answer_is_not_repeated_and_settles_by_its_report(
    meta: ThreadedMeta,
    clinic: Business,
    sender: Sender,
    template: MessageTemplate,
    send: Send,
    report: Report,
    now: datetime,
    lost: Action,
) -> None:
    meta.script = lambda _address, _nth: lost
    direct_messages.send_test(sender, template, to=FIRST, params={"first_name": "Dana"}, key=KEY, now=now)
    send()
    send()
    assert (DirectMessage.objects.get().status, len(meta.posts)) == ("unknown", 1)
    report()
    send(run_for_s=0.1)
    assert (DirectMessage.objects.get().status, len(meta.posts)) == ("delivered", 1)


def test_a_refusal_says_why(
    meta: ThreadedMeta, clinic: Business, sender: Sender, template: MessageTemplate, send: Send, now: datetime
) -> None:
    meta.script = lambda _address, _nth: refuse(131026)
    direct_messages.send_test(sender, template, to=FIRST, params={"first_name": "Dana"}, key=KEY, now=now)
    send()
    kept = DirectMessage.objects.get()
    assert (kept.status, kept.error_code) == ("failed", "131026")
    assert "Not reachable on WhatsApp" in reason_of(kept)


def test_what_could_not_leave_is_tried_again_later(
    said: InboundMessage, meta: ThreadedMeta, send: Send, settings: Any, now: datetime
) -> None:
    direct_messages.reply(said, "x", key=KEY, now=now)
    settings.WHATSAPP_API_URL = "http://127.0.0.1:1/v25.0"
    send()
    kept = DirectMessage.objects.get()
    assert (kept.status, kept.tries) == ("pending", 1)
    assert kept.next_attempt_at is not None
    assert kept.next_attempt_at > now
    settings.WHATSAPP_API_URL = meta.url
    DirectMessage.objects.update(next_attempt_at=now)
    send()
    assert (DirectMessage.objects.get().status, len(meta.texts)) == ("accepted", 1)


def test_of_two_processes_one_sends_and_a_dead_one_leaves_a_doubt(said: InboundMessage, now: datetime) -> None:
    direct_messages.reply(said, "x", key=KEY, now=now)
    first, second = direct.waiting(now), direct.waiting(now)
    assert direct.claim(first[0], now) is not None
    assert direct.claim(second[0], now) is None
    assert direct.waiting(now + timedelta(hours=1)) == []
    assert DirectMessage.objects.get().status == "unknown"


def test_the_key_of_another_business_is_free(said: InboundMessage, now: datetime) -> None:
    mine = direct_messages.reply(said, "x", key=KEY, now=now)
    other = Business.objects.create(name="Beta", slug="beta")
    with acting_for(other):
        number = Sender(business=other, provider="cloud", number_id="9", account_id="9")
        number.set_credentials({"access_token": "x"})
        number.save()
        theirs = direct_messages.reply(write(number, "hi", now), "y", key=KEY, now=now)
    assert theirs.pk != mine.pk


def test_a_report_of_a_reply_is_ours(
    client: Client, meta: ThreadedMeta, said: InboundMessage, send: Send, now: datetime
) -> None:
    reply = direct_messages.reply(said, "x", key=KEY, now=now)
    send()
    post_cloud(client, cloud_notice([Happening(FIRST, "wamid.other", str(reply.pk), "read", now)]))
    send(run_for_s=0.1)
    reply.refresh_from_db()
    assert reply.status == "read"
    assert WebhookNews.objects.get().problem == ""
