"""Ways in which people refuse messages, and messages that are no replies, from the POST to the rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from businesses.models import Business
from testing.broadcasts import addresses, make_broadcast, make_template
from testing.meta import ThreadedMeta
from whatsapp.audience.choice import EarlierChoice, Group
from whatsapp.audience.sources import earlier_chosen
from whatsapp.conftest import Send
from whatsapp.inbox.direct_messages import reply_until
from whatsapp.models import (
    Broadcast,
    Contact,
    DirectMessage,
    InboundMessage,
    MessageTemplate,
    MessagingSettings,
    Recipient,
    Sender,
)
from whatsapp.numbers.opt_out_buttons import mark
from whatsapp.pages.conversations import threads
from whatsapp.people import suppressions
from whatsapp.providers.sandbox import notices
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.webhooks.applying import apply_news
from whatsapp.webhooks.tests.notes import AT, post_cloud

FIRST, SECOND = addresses(2)
Hear = Callable[..., None]


@pytest.fixture
def row(meta: ThreadedMeta, broadcast: Broadcast) -> Recipient:
    return accepted(Recipient.objects.get(address=FIRST))


def accepted(row: Recipient) -> Recipient:
    row.status, row.attempt_id, row.provider_message_id = "accepted", uuid4(), f"wamid.{row.pk}"
    row.accepted_at = AT - timedelta(hours=1)
    row.save()
    return row


@pytest.fixture
def hear(client: Client) -> Hear:
    """Post what somebody does, and apply it."""

    def do(what: str, text: str = "", *, field: str = "messages", after: float = 0, **more: Any) -> None:
        defaults = {"message_id": "", "own_id": f"in.{uuid4().hex}"}
        done = Happening(FIRST, tracker="", what=what, at=AT + timedelta(seconds=after), text=text, **(defaults | more))
        body = json.dumps(notices.notice("1055", "2077", [done], field=field)).encode()
        assert post_cloud(client, body).status_code == 200
        while apply_news(datetime.now(UTC)):
            pass

    return do


def refused() -> dict[str, bool]:
    """What the first person no longer gets."""
    business = Business.objects.get(slug="acme")
    return {kind: FIRST in suppressions.blocked(business, [FIRST], kind) for kind in ("MARKETING", "UTILITY")}


NOTHING = {"MARKETING": False, "UTILITY": False}
ADVERTISING = {"MARKETING": True, "UTILITY": False}
ALL = {"MARKETING": True, "UTILITY": True}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Stop promotions", ADVERTISING),
        ("Detener promociones", ADVERTISING),
        ("Parar promoções", ADVERTISING),
        ("Interrompi promozioni", ADVERTISING),
        ("Unsubscribe from Promos", ADVERTISING),
        ("Unsubscribe from All", ALL),
        ("Book now", NOTHING),
    ],
)
def test_a_button_of_metas_builder(
    hear: Hear, row: Recipient, template: MessageTemplate, text: str, result: dict[str, bool]
) -> None:
    template.components = [{"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": text}]}]
    template.save()
    hear("button", text, message_id=row.provider_message_id)
    assert refused() == result


def test_the_same_button_of_a_template_of_other_software(hear: Hear, row: Recipient) -> None:
    hear("button", "Stop promotions", message_id="wamid.theirs")
    assert refused() == ADVERTISING


@pytest.mark.parametrize(("category", "result"), [("MARKETING", ALL), ("UTILITY", NOTHING)])
def test_cancel_calls_off_the_appointment_that_the_template_is_about(
    hear: Hear, sender: Sender, meta: ThreadedMeta, category: str, result: dict[str, bool]
) -> None:
    buttons = [{"type": "QUICK_REPLY", "text": text} for text in ("Confirm", "Cancel")]
    template = make_template(sender, category=category, components=[{"type": "BUTTONS", "buttons": buttons}])
    row = accepted(make_broadcast(sender, template, [FIRST]).recipients.get())
    hear("button", "Cancel", message_id=row.provider_message_id)
    assert refused() == result


def test_a_button_that_an_owner_has_marked(
    hear: Hear, row: Recipient, template: MessageTemplate, django_user_model: Any
) -> None:
    template.components = [{"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "No more of this"}]}]
    template.save()
    hear("button", "No more of this", message_id=row.provider_message_id)
    assert refused() == NOTHING
    mark(template, "No more of this", "no_promos", by=django_user_model.objects.create(email="o@example.com"))
    hear("button", "No more of this", message_id=row.provider_message_id, after=1)
    assert refused() == ADVERTISING


def test_an_own_word_on_a_button_counts_as_it_is_written(hear: Hear, row: Recipient, template: MessageTemplate) -> None:
    MessagingSettings.objects.create(business=template.business, opt_out_words="Enough of you")
    template.components = [{"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Enough of you"}]}]
    template.save()
    hear("button", "Enough of you", message_id=row.provider_message_id)
    assert refused() == ALL


def test_stop_while_another_app_has_the_conversation(
    hear: Hear, row: Recipient, meta: ThreadedMeta, send: Send
) -> None:
    hear("reply", "STOP", field="standby", message_id=row.provider_message_id)
    assert refused() == ALL
    Broadcast.objects.update(status="paused")
    send(run_for_s=0.1)
    assert meta.texts == [], "a reply of ours would take the conversation away from Meta's agent"


def test_what_another_app_replies_to_waits_for_nobody(hear: Hear, acme: Business, row: Recipient) -> None:
    hear("reply", "When do you open?", field="standby", message_id=row.provider_message_id)
    assert InboundMessage.objects.get().recipient == row
    assert list(threads(acme)) != []
    assert list(threads(acme, only_unanswered=True)) == []


ORIGINAL, EDIT = ("reply", "See you", 0), ("edit", "STOP", 5)


@pytest.mark.parametrize("order", list(permutations([ORIGINAL, EDIT, EDIT])))
def test_an_edit_that_now_says_stop(hear: Hear, row: Recipient, order: list[tuple[str, str, int]]) -> None:
    for what, text, after in order:
        own_id = "in.1" if what == "reply" else f"in.edit.{after}"
        hear(what, text, after=after, own_id=own_id, changes="in.1", message_id=row.provider_message_id)
    message = InboundMessage.objects.get()
    assert (message.text, message.kind, message.action, message.recipient) == ("STOP", "text", "opt_out", row)
    assert [version["text"] for version in message.earlier] == ["See you"]
    assert message.received_at == AT
    assert refused() == ALL


@pytest.mark.parametrize("order", list(permutations([("reply", "STOP", 0), ("edit", "See you", 5)])))
def test_an_edit_takes_no_refusal_back(hear: Hear, row: Recipient, order: list[tuple[str, str, int]]) -> None:
    for what, text, after in order:
        hear(what, text, after=after, own_id=f"in.{1 if what == 'reply' else 2}", changes="in.1")
    message = InboundMessage.objects.get()
    assert (message.text, message.action) == ("See you", "opt_out")
    assert refused() == ALL


@pytest.mark.parametrize("order", list(permutations([("reply", 0), ("STOP", 5), ("See you", 9), ("STOP", 5)])))
def test_edits_in_any_order_end_in_the_last_and_lose_none(
    hear: Hear, row: Recipient, order: list[tuple[str, int]]
) -> None:
    for number, (text, after) in enumerate(order):
        what, own_id = ("reply", "in.0") if text == "reply" else ("edit", f"in.edit.{number}")
        hear(what, text, after=after, own_id=own_id, changes="in.0")
    message = InboundMessage.objects.get()
    assert (message.text, message.edited_at) == ("See you", AT + timedelta(seconds=9))
    assert [version["text"] for version in message.earlier] == ["reply", "STOP"]
    assert refused() == ALL


@pytest.mark.parametrize("order", list(permutations(["reply", "revoke", "revoke"])))
def test_a_message_that_was_taken_back(hear: Hear, acme: Business, row: Recipient, order: list[str]) -> None:
    for what in order:
        hear(what, "Hello?" if what == "reply" else "", own_id=f"in.{what}", changes="in.reply")
    message = InboundMessage.objects.get()
    assert (message.text, message.kind, message.deleted_at) == ("Hello?", "text", AT)
    assert list(threads(acme, only_unanswered=True)) == []


def test_a_stop_that_was_taken_back_stays(hear: Hear, row: Recipient) -> None:
    hear("reply", "STOP", own_id="in.1")
    hear("revoke", own_id="in.2", changes="in.1", after=1)
    assert refused() == ALL


@pytest.mark.parametrize("what", ["reaction", "unsupported", "system", "revoke", "edit"])
def test_no_reply_counts_as_one(hear: Hear, acme: Business, broadcast: Broadcast, row: Recipient, what: str) -> None:
    hear(what, "👍", message_id=row.provider_message_id, changes="in.gone")
    assert not InboundMessage.objects.exclude(recipient=None).exists()
    assert list(threads(acme, only_unanswered=True)) == []
    assert list(earlier_chosen(acme, EarlierChoice(broadcast=str(broadcast.pk), group=Group.REPLIED))) == []
    assert refused() == NOTHING


@pytest.mark.parametrize("what", ["reaction", "system", "revoke", "edit"])
def test_what_nobody_wrote_opens_no_window(hear: Hear, row: Recipient, what: str) -> None:
    hear(what, "👍", message_id=row.provider_message_id, changes="in.gone")
    assert Contact.objects.get().last_inbound_at is None
    assert reply_until(InboundMessage.objects.get(), now=AT) is None


def test_a_reaction_after_a_question_leaves_it_unanswered(hear: Hear, acme: Business, row: Recipient) -> None:
    hear("reply", "When do you open?")
    hear("reaction", "👍", message_id=row.provider_message_id, after=5)
    assert [str(person.phone) for person in threads(acme, only_unanswered=True)] == [FIRST]


def test_a_sign_of_refusal_as_a_reaction_is_no_word(hear: Hear, row: Recipient) -> None:
    hear("reaction", "stop", message_id=row.provider_message_id)
    assert refused() == NOTHING


@pytest.mark.parametrize(
    ("category", "text", "result"),
    [
        ("MARKETING", "לא מעוניין", ALL),
        ("MARKETING", "Not interested", ALL),
        ("MARKETING", "cancel", ALL),
        ("UTILITY", "לא מעוניינת", NOTHING),
        ("UTILITY", "cancel", NOTHING),
        ("UTILITY", "STOP", ALL),
        ("MARKETING", "לא מעוניין בתור ביום שלישי, אפשר רביעי?", NOTHING),
    ],
)
def test_words_that_may_also_answer_the_message(
    hear: Hear, sender: Sender, meta: ThreadedMeta, category: str, text: str, result: dict[str, bool]
) -> None:
    row = accepted(make_broadcast(sender, make_template(sender, category=category), [FIRST]).recipients.get())
    hear("reply", text, message_id=row.provider_message_id)
    assert refused() == result


def test_words_that_answer_a_member_are_an_answer(hear: Hear, acme: Business, sender: Sender, row: Recipient) -> None:
    DirectMessage.objects.create(
        business=acme, key=uuid4(), sender=sender, kind="reply", address=FIRST, text="Shall I book you on Tuesday?",
        created_at=AT - timedelta(minutes=5), provider="cloud",
    )  # fmt: skip
    hear("reply", "לא מעוניין")
    assert refused() == NOTHING
    hear("reply", "הסר אותי מהרשימה", after=5)
    assert refused() == ALL


@pytest.mark.parametrize("order", [("START", "STOP"), ("STOP", "START")])
def test_the_last_word_counts_in_whatever_order_it_arrives(hear: Hear, row: Recipient, order: tuple[str, str]) -> None:
    hear("reply", "STOP", after=-60)
    for text in order:
        hear("reply", text, after={"STOP": 10, "START": 20}[text])
    assert refused() == NOTHING


def test_a_title_of_a_picture_asks_for_nothing(hear: Hear, row: Recipient) -> None:
    hear("reply", "STOP", after=-60)
    hear("image", "Resume")
    assert refused() == ALL
    assert InboundMessage.objects.get(kind="image").action == ""


def test_a_refusal_of_advertising_is_confirmed_as_one(
    hear: Hear, row: Recipient, meta: ThreadedMeta, send: Send
) -> None:
    Broadcast.objects.update(status="paused")
    Business.objects.update(language="en")
    lately = (datetime.now(UTC) - AT).total_seconds() - 5
    hear("reply", "no more ads please", after=lately)
    send(run_for_s=0.1)
    assert refused() == ADVERTISING
    assert ["advertising" in text["text"]["body"] for text in meta.texts] == [True]


def test_a_webhook_with_only_our_own_echoes_changes_nothing(client: Client, row: Recipient) -> None:
    value = {"metadata": {"phone_number_id": "1055"}, "message_echoes": [{"id": "x", "text": {"body": "STOP"}}]}
    post_cloud(client, json.dumps(notices.envelope("2077", "standby", value)).encode())
    while apply_news(datetime.now(UTC)):
        pass
    assert not InboundMessage.objects.exists()
