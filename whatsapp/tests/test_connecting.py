"""Connecting numbers and fetching templates, against a stand-in for Meta."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from businesses.models import Business
from businesses.tenancy import across_businesses
from testing.broadcasts import TOKEN, make_sender
from testing.meta import ThreadedMeta, threaded_meta
from whatsapp.errors import BadTemplate
from whatsapp.models import MessageTemplate, Sender, SenderHealth, TemplateStatus
from whatsapp.numbers import template_sync
from whatsapp.numbers.connecting import Number, connect
from whatsapp.providers.base import RemoteTemplate
from whatsapp.reasons import Cause, reason
from whatsapp.tests.conftest import NOW

CLOUD = ("--provider", "cloud", "--phone-number-id", "1055", "--waba-id", "2077")
SALE = RemoteTemplate(
    external_id="77",
    name="sale",
    language="he",
    category="MARKETING",
    status="APPROVED",
    parameter_format="NAMED",
    quality="GREEN",
    components=({"type": "BODY", "text": "Hi {{first_name}}"},),
)


@pytest.fixture
def meta(settings: Any) -> Iterator[ThreadedMeta]:
    with threaded_meta() as server:
        settings.WHATSAPP_API_URL = server.url
        yield server


def run(name: str, *arguments: str) -> tuple[dict[str, Any], str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=err)
    return json.loads(out.getvalue()), err.getvalue()


def test_a_number_is_connected_and_checked(clinic: Business, meta: ThreadedMeta) -> None:
    told, _ = run("connect_whatsapp", "clinic", *CLOUD, "--access-token", TOKEN, "--mps", "50")
    assert (told["created"], told["mps"], told["phone_number_id"], told["problem"]) == (True, 50.0, "1055", None)
    sender = Sender.objects.get()
    assert sender.credentials == {"access_token": TOKEN}
    assert TOKEN not in sender.encrypted_credentials
    assert sender.checked_at is not None


def test_connecting_again_changes_what_is_given(clinic: Business, meta: ThreadedMeta) -> None:
    run("connect_whatsapp", "clinic", *CLOUD, "--access-token", "old", "--mps", "50")
    Sender.objects.update(health=SenderHealth.BLOCKED, **reason(Cause.CREDENTIALS_UNREADABLE).kept())
    told, _ = run("connect_whatsapp", "clinic", *CLOUD, "--access-token", TOKEN)
    sender = Sender.objects.get()
    assert (told["created"], told["mps"]) == (False, 50.0)
    assert (sender.credentials["access_token"], sender.health, sender.cause) == (TOKEN, "ready", "")


def test_a_provider_that_does_not_answer_is_no_reason_to_forget_the_number(clinic: Business, settings: Any) -> None:
    settings.WHATSAPP_API_URL = "http://127.0.0.1:9/v25.0"
    told, words = run("connect_whatsapp", "clinic", *CLOUD, "--access-token", TOKEN)
    assert told["problem"]
    assert not told["proved"]
    assert "could not be checked" in words
    sender = Sender.objects.get()
    assert (sender.is_proved, sender.health, sender.cause) == (False, "blocked", "not_proved")
    assert sender.credentials == {"access_token": TOKEN}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--provider", "cloud", "--waba-id", "1"], "needs --phone-number-id, --access-token"),
        (["--provider", "twilio", "--account-sid", "AC1"], "needs --auth-token, --from"),
        ([*CLOUD, "--access-token", "x", "--mps", "0"], "above 0"),
        ([*CLOUD, "--access-token", "x", "--mps", "many"], "not a number"),
    ],
)
def test_what_is_missing_is_named(arguments: list[str], says: str, clinic: Business) -> None:
    with pytest.raises(CommandError, match=says):
        run("connect_whatsapp", "clinic", *arguments)
    assert not Sender.objects.exists()


def test_a_twilio_number_is_known_by_its_number(clinic: Business, settings: Any) -> None:
    settings.TWILIO_API_URL = "http://127.0.0.1:9"
    twilio = ("--provider", "twilio", "--account-sid", "AC1", "--auth-token", "t")
    run("connect_whatsapp", "clinic", *twilio, "--from", "whatsapp:+972501234567")
    sender = Sender.objects.get()
    assert (sender.number_id, sender.account_id, sender.phone) == ("+972501234567", "AC1", "+972501234567")
    assert sender.credentials == {"account_sid": "AC1", "auth_token": "t"}


def test_a_number_that_two_can_prove_stays_with_the_first(clinic: Business, sender: Sender, meta: ThreadedMeta) -> None:
    other = Business.objects.create(name="Other", slug="other")
    meta.owners["theirs"] = {"2077": {sender.number_id}}
    typed = connect(other, Number("cloud", sender.number_id, "2077", {"access_token": "theirs"}), now=NOW)
    assert "Another business" in str(typed.problem)
    with across_businesses():
        assert Sender.objects.exclude(proved_account=None).get() == sender
        assert Sender.objects.get(pk=sender.pk).credentials == {"access_token": TOKEN}


def test_templates_are_fetched(clinic: Business, sender: Sender, meta: ThreadedMeta) -> None:
    told, words = run("sync_templates", "clinic")
    assert told["added"] == len(told["templates"]) == MessageTemplate.objects.count() > 0
    assert "Asking Meta Cloud API" in words
    again, _ = run("sync_templates", "clinic")
    assert (again["added"], again["changed"], again["unchanged"], again["gone"]) == (0, 0, told["added"], 0)


def test_without_an_answer_the_templates_stay_as_they_are(
    clinic: Business, template: MessageTemplate, settings: Any
) -> None:
    settings.WHATSAPP_API_URL = "http://127.0.0.1:9/v25.0"
    with pytest.raises(CommandError):
        run("sync_templates", "clinic")
    assert MessageTemplate.objects.get().status == TemplateStatus.APPROVED


def test_a_new_content_is_a_new_version(sender: Sender) -> None:
    assert template_sync.keep(sender, [SALE], now=NOW).added == 1
    changed = replace(SALE, components=({"type": "BODY", "text": "Hello {{first_name}}"},))
    assert template_sync.keep(sender, [changed], now=NOW).changed == 1
    assert MessageTemplate.objects.get().version == 2
    assert template_sync.keep(sender, [replace(changed, status="PAUSED")], now=NOW).changed == 1
    assert (MessageTemplate.objects.get().version, MessageTemplate.objects.get().status) == (2, "PAUSED")
    assert template_sync.keep(sender, [changed], now=NOW).changed == 1


def test_a_template_that_is_gone_is_kept_as_deleted_and_not_found(sender: Sender) -> None:
    template_sync.keep(sender, [SALE, replace(SALE, name="other")], now=NOW)
    assert template_sync.keep(sender, [replace(SALE, name="other")], now=NOW).gone == 1
    assert template_sync.keep(sender, [replace(SALE, name="other")], now=NOW).gone == 0
    assert MessageTemplate.objects.get(name="sale").status == TemplateStatus.DELETED
    with pytest.raises(BadTemplate, match="no template “sale”"):
        template_sync.find(sender.business, "sale", "he")


def test_words_we_do_not_know_are_taken_with_care(sender: Sender) -> None:
    strange = replace(SALE, status="SHINY", category="PROMOTION", quality="PURPLE", parameter_format="WILD")
    template_sync.keep(sender, [strange], now=NOW)
    kept = MessageTemplate.objects.get()
    assert (kept.status, kept.category, kept.quality) == ("PENDING", "MARKETING", "UNKNOWN")


def test_the_newest_number_that_has_the_template_sends_it(clinic: Business, sender: Sender) -> None:
    template_sync.keep(sender, [SALE], now=NOW)
    newer = make_sender(clinic, provider="sandbox", number_id="s", account_id="s")
    assert template_sync.find(clinic, "sale", "he")[1] == sender
    template_sync.keep(newer, [SALE], now=NOW)
    assert template_sync.find(clinic, "sale", "he")[1] == newer
