"""Messages that other apps write: the rules of every message, once for each key, and sent by the sending loop."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from businesses import messenger
from businesses.messenger import MessageRefused, Refusal
from businesses.models import Business, PhoneNumber
from testing.broadcasts import addresses, make_template
from testing.meta import ThreadedMeta
from whatsapp.conftest import Send
from whatsapp.models import (
    Consent,
    ConsentChange,
    Contact,
    DirectMessage,
    InboundMessage,
    MessageTemplate,
    Sender,
    SenderHealth,
    Suppression,
    SuppressionCategory,
    SuppressionSource,
)
from whatsapp.people import suppressions

FIRST, SECOND = addresses(2)
KEY = uuid.UUID(int=11)
VALUES = {"first_name": "Dana", "of_no_use": "x"}


@pytest.fixture
def clinic(acme: Business) -> Business:
    """The business that the stand-in for Meta knows; its rows are committed, as the sending loop reads them."""
    PhoneNumber.objects.create(number="+97231234567", business=acme)
    return acme


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


def opt_out(business: Business, category: SuppressionCategory, now: datetime) -> None:
    suppressions.suppress(business, FIRST, category=category, source=SuppressionSource.REPLY, now=now)


def wrote(sender: Sender, at: datetime) -> InboundMessage:
    return InboundMessage.objects.create(
        business=sender.business,
        sender=sender,
        provider=sender.provider,
        address=FIRST,
        provider_message_id=f"wamid.{uuid.uuid4()}",
        kind="text",
        text="Hello",
        received_at=at,
    )


def refused(business: Business, number: str, name: str, values: dict[str, str], now: datetime) -> Refusal:
    with pytest.raises(MessageRefused) as raised:
        messenger.send_template(business, number, name, values, key=KEY, now=now)
    assert not DirectMessage.objects.exists()
    return raised.value.why


def test_a_template_is_sent_once_for_each_key(
    meta: ThreadedMeta, clinic: Business, template: MessageTemplate, send: Send, now: datetime
) -> None:
    for _turn in range(2):
        messenger.send_template(clinic, FIRST, template.name, VALUES, key=KEY, now=now)
    send()
    messenger.send_template(clinic, FIRST, template.name, VALUES, key=KEY, now=now)
    send()
    assert [post.address for post in meta.posts] == [FIRST]
    kept = DirectMessage.objects.get()
    assert (kept.status, kept.text, kept.params) == ("accepted", "Hi Dana", {"first_name": "Dana"})


@pytest.mark.usefixtures("template")
def test_what_is_rolled_back_is_not_sent(clinic: Business, now: datetime) -> None:
    with transaction.atomic():
        messenger.send_template(clinic, FIRST, "spring_sale", VALUES, key=KEY, now=now)
        transaction.set_rollback(True)
    assert not DirectMessage.objects.exists()


def test_the_language_of_the_calls_is_chosen(clinic: Business, sender: Sender, now: datetime) -> None:
    for language, text in (("en_US", "Hi"), ("he", "שלום"), ("ru", "Привет")):
        make_template(sender, language=language, name="missed", components=[{"type": "BODY", "text": text}])
    messenger.send_template(clinic, FIRST, "missed", {}, key=KEY, now=now)
    assert DirectMessage.objects.get().text == {"he": "שלום", "en": "Hi"}[clinic.language]
    assert [(each.name, each.variables) for each in messenger.templates(clinic)] == [("missed", ())]


def test_a_business_without_a_number_sends_nothing(clinic: Business, now: datetime) -> None:
    assert messenger.may_message(clinic, FIRST) is Refusal.NO_WHATSAPP
    assert messenger.templates(clinic) == []
    assert refused(clinic, FIRST, "spring_sale", VALUES, now) is Refusal.NO_TEMPLATE


def test_a_blocked_number_sends_nothing(clinic: Business, template: MessageTemplate, now: datetime) -> None:
    Sender.objects.update(health=SenderHealth.BLOCKED)
    assert messenger.may_message(clinic, FIRST) is Refusal.NO_WHATSAPP
    assert refused(clinic, FIRST, template.name, VALUES, now) is Refusal.NO_TEMPLATE


@pytest.mark.parametrize("number", ["", "anonymous", "browser", "+1", "100"])
@pytest.mark.usefixtures("template")
def test_who_withheld_the_number_is_not_written_to(clinic: Business, number: str, now: datetime) -> None:
    assert messenger.may_message(clinic, number) is Refusal.NO_NUMBER
    assert not messenger.has_agreed(clinic, number, now=now)
    assert refused(clinic, number, "spring_sale", VALUES, now) is Refusal.NO_NUMBER


def test_a_template_that_is_not_approved_or_not_there_is_not_sent(
    clinic: Business, template: MessageTemplate, now: datetime
) -> None:
    MessageTemplate.objects.update(status="PAUSED")
    assert refused(clinic, FIRST, template.name, VALUES, now) is Refusal.NO_TEMPLATE
    assert refused(clinic, FIRST, "another", VALUES, now) is Refusal.NO_TEMPLATE


@pytest.mark.parametrize("values", [{}, {"first_name": "  "}, {"first_name": "=SUM(A1)"}, {"first_name": "x" * 2_000}])
def test_values_that_are_missing_or_wrong_are_refused(
    clinic: Business, template: MessageTemplate, values: dict[str, str], now: datetime
) -> None:
    assert refused(clinic, FIRST, template.name, values, now) is Refusal.BAD_VALUES


def test_an_opt_out_of_everything_counts_for_every_template(
    clinic: Business, template: MessageTemplate, now: datetime
) -> None:
    MessageTemplate.objects.update(category="UTILITY")
    opt_out(clinic, SuppressionCategory.ALL, now)
    assert messenger.may_message(clinic, FIRST) is Refusal.OPTED_OUT
    assert messenger.may_message(clinic, SECOND) is None
    assert refused(clinic, FIRST, template.name, VALUES, now) is Refusal.OPTED_OUT


def test_an_opt_out_of_marketing_lets_a_reminder_through(
    clinic: Business, template: MessageTemplate, now: datetime
) -> None:
    opt_out(clinic, SuppressionCategory.MARKETING, now)
    assert messenger.may_message(clinic, FIRST) is None
    assert refused(clinic, FIRST, template.name, VALUES, now) is Refusal.OPTED_OUT
    MessageTemplate.objects.update(category="UTILITY")
    messenger.send_template(clinic, FIRST, template.name, VALUES, key=KEY, now=now)
    assert DirectMessage.objects.count() == 1


def test_a_message_of_the_person_or_a_consent_is_an_agreement(clinic: Business, sender: Sender, now: datetime) -> None:
    assert not messenger.has_agreed(clinic, FIRST, now=now)
    wrote(sender, now - timedelta(hours=23))
    assert messenger.has_agreed(clinic, FIRST, now=now)
    assert not messenger.has_agreed(clinic, FIRST, now=now + timedelta(hours=1))
    person = Contact.objects.create(business=clinic, phone=FIRST, consent=Consent.GRANTED)
    assert messenger.has_agreed(clinic, FIRST, now=now + timedelta(days=9))
    Contact.objects.filter(pk=person.pk).update(consent=Consent.WITHDRAWN)
    assert not messenger.has_agreed(clinic, FIRST, now=now)


@pytest.mark.usefixtures("sender")
def test_who_agrees_in_a_call_becomes_a_contact_with_a_consent_once(clinic: Business, now: datetime) -> None:
    for _turn in range(2):
        messenger.agree(clinic, FIRST, name=" Dana  Levi ", now=now)
    person = Contact.objects.get()
    assert (person.name, person.phone, person.consent) == ("Dana Levi", FIRST, Consent.GRANTED)
    assert person.consent_source_in_words == "They agreed in a telephone call"
    assert ConsentChange.objects.count() == 1
    assert messenger.has_agreed(clinic, FIRST, now=now)


@pytest.mark.usefixtures("sender")
def test_an_agreement_in_a_call_lifts_no_opt_out(clinic: Business, now: datetime) -> None:
    opt_out(clinic, SuppressionCategory.ALL, now)
    with pytest.raises(MessageRefused, match="opted_out"):
        messenger.agree(clinic, FIRST, name="Dana", now=now)
    assert Suppression.objects.count() == 1
    assert not Contact.objects.exists()


def test_a_text_needs_an_open_window(
    meta: ThreadedMeta, clinic: Business, sender: Sender, send: Send, now: datetime
) -> None:
    with pytest.raises(MessageRefused, match="no_window"):
        messenger.send_text(clinic, FIRST, "Until six.", key=KEY, now=now)
    wrote(sender, now - timedelta(hours=1))
    with pytest.raises(MessageRefused, match="bad_values"):
        messenger.send_text(clinic, FIRST, "  ", key=KEY, now=now)
    with pytest.raises(MessageRefused, match="no_window"):
        messenger.send_text(clinic, FIRST, "Until six.", key=KEY, now=now + timedelta(days=1))
    for _turn in range(2):
        messenger.send_text(clinic, FIRST, "Until six.", key=KEY, now=now)
    send()
    assert [(text["to"], text["text"]["body"]) for text in meta.texts] == [(FIRST, "Until six.")]
