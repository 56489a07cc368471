"""Opt-outs that Twilio recognizes itself, by words of the account's own (Advanced Opt-Out)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from businesses.models import Business
from testing.broadcasts import make_sender, proved
from testing.twilio import message_form, signature
from whatsapp.models import InboundMessage, Sender
from whatsapp.pages.conversations import threads
from whatsapp.people import suppressions
from whatsapp.webhooks.applying import apply_news

DANA, OURS, SECRET = "+972501234567", "+15550100000", "0123456789abcdef"


@pytest.fixture
def number(acme: Business) -> Sender:
    sender = make_sender(acme, provider="twilio", number_id=OURS, account_id="AC1", phone=OURS)
    sender.set_credentials({"account_sid": "AC1", "auth_token": SECRET})
    return proved(sender)


Write = Callable[..., None]


@pytest.fixture
def write(client: Client, settings: Any, number: Sender) -> Write:
    """Post what Dana writes, and apply it."""

    def do(sid: str, body: str, **more: str) -> None:
        form = message_form(sid, body, who=DANA, to=OURS, account_sid="AC1", **more)
        signed = signature(f"{settings.PUBLIC_URL}/whatsapp/webhooks/twilio/", form, SECRET)
        answer = client.post(
            "/whatsapp/webhooks/twilio/",
            urlencode(form),
            content_type="application/x-www-form-urlencoded",
            headers={"X-Twilio-Signature": signed},
        )
        assert answer.status_code == 200
        while apply_news(datetime.now(UTC)):
            pass

    return do


def test_twilios_own_keywords_count_whatever_the_word_was(write: Write, acme: Business) -> None:
    write("SM1", "Genug damit", OptOutType="STOP")
    assert suppressions.blocked(acme, [DANA], "UTILITY") == {DANA}
    message = InboundMessage.objects.get()
    assert message.action == "opt_out"
    assert message.confirmed_at is not None, "Twilio has replied, and takes no message from us any more"
    write("SM2", "Wieder gern", OptOutType="START")
    assert suppressions.blocked(acme, [DANA], "MARKETING") == set()
    assert list(threads(acme, only_unanswered=True)) == []


def test_help_changes_nothing_and_waits_for_a_person(write: Write, acme: Business) -> None:
    write("SM1", "HELP", OptOutType="HELP")
    assert suppressions.blocked(acme, [DANA], "MARKETING") == set()
    assert [person.phone for person in threads(acme, only_unanswered=True)] == [DANA]


@pytest.mark.parametrize(("more", "blocked"), [({}, {DANA}), ({"MessageType": "reaction"}, set())])
def test_words_count_without_a_keyword_too(
    write: Write, acme: Business, more: dict[str, str], blocked: set[str]
) -> None:
    write("SM1", "Bitte keine Nachrichten mehr", **more)
    assert suppressions.blocked(acme, [DANA], "UTILITY") == blocked


def test_a_button_of_twilios_template(write: Write, acme: Business) -> None:
    write(
        "SM1",
        "Stop promotions",
        MessageType="button",
        ButtonText="Stop promotions",
        ButtonPayload="x",
    )
    assert suppressions.blocked(acme, [DANA], "MARKETING") == {DANA}
    assert suppressions.blocked(acme, [DANA], "UTILITY") == set()
