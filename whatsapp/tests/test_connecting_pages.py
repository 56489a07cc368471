"""Owners connect numbers on pages: what a provider refuses is said at its field, and no secret is shown again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from businesses.models import AuditEntry, Business, Membership, Role, User
from businesses.tenancy import across_businesses, acting_for
from testing.broadcasts import TOKEN, make_broadcast, make_template
from testing.meta import ThreadedMeta, threaded_meta
from testing.twilio import FakeTwilio, TwilioAccount, threaded_twilio
from whatsapp.models import Broadcast, InboundMessage, Sender
from whatsapp.numbers.connecting import Number, connect
from whatsapp.providers.registry import account_of
from whatsapp.tests.conftest import NOW

SID = "AC" + "6" * 32
OWN = {"provider": "cloud", "number_id": "1055", "account_id": "2077", "secret": TOKEN, "app_secret": ""}
AT_TWILIO = {"provider": "twilio", "number_id": "+972501234567", "account_id": SID, "secret": "its-token"}


@pytest.fixture
def meta(settings: Any) -> Iterator[ThreadedMeta]:
    with threaded_meta() as server:
        settings.WHATSAPP_API_URL, settings.WHATSAPP_APP_SECRET = server.url, "the-installations"
        settings.WHATSAPP_VERIFY_TOKEN = "verify-me-please"
        yield server


@pytest.fixture
def twilio(settings: Any) -> Iterator[FakeTwilio]:
    with threaded_twilio() as server:
        settings.TWILIO_API_URL = server.url
        server.accounts[SID] = TwilioAccount("its-token", senders=frozenset({"+972501234567"}))
        yield server


def browser(business: Business, role: Role) -> Client:
    user = User.objects.create_user(f"{role}-{business.slug}@frontdesk.test", "pw")
    Membership.objects.create(business=business, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(clinic: Business) -> Client:
    return browser(clinic, Role.OWNER)


def page(name: str, *rows: Any, slug: str = "clinic") -> str:
    return reverse(name, args=[slug, *(row.pk for row in rows)])


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 422, answer.status_code
    assert answer["Cache-Control"].startswith("no-store") or "no-store" in answer["Cache-Control"]
    return {name: list(map(str, found)) for name, found in answer.context["form"].errors.items()}


def kinds() -> list[tuple[str, str]]:
    return [(each.kind, each.details.get("what", "")) for each in AuditEntry.objects.order_by("pk")]


def test_a_number_is_connected_and_its_page_says_what_is_next(
    owner: Client, clinic: Business, meta: ThreadedMeta
) -> None:
    answer = owner.post(page("sender-connect"), OWN)
    sender = Sender.objects.get()
    assert answer["Location"] == page("sender", sender)
    assert (sender.is_proved, sender.health, sender.display_name) == (True, "ready", "Demo Dental")
    assert (sender.credentials, sender.app_key) == ({"access_token": TOKEN}, "")
    assert meta.subscribed == {"2077"}
    assert kinds() == [("sender_changed", "proved")]
    text = owner.get(page("sender", sender)).content.decode()
    assert "your operator's app reports here already" in text
    assert "Nothing has come yet" in text
    assert TOKEN not in text
    assert "verify-me-please" not in text


def test_an_app_of_ones_own_is_proved_and_gets_the_address_and_the_verify_token(
    owner: Client, clinic: Business, meta: ThreadedMeta
) -> None:
    meta.app_secrets[TOKEN] = "mine"
    wrong = owner.post(page("sender-connect"), {**OWN, "app_secret": "another"})
    assert errors(wrong) == {"app_secret": ["This is not the secret of the app that made the token."]}
    assert not Sender.objects.get().is_proved
    answer = owner.post(page("sender-correct", Sender.objects.get()), {**OWN, "secret": "", "app_secret": "mine"})
    sender = Sender.objects.get()
    assert (answer["Location"], sender.is_proved) == (page("sender", sender), True)
    text = owner.get(page("sender", sender)).content.decode()
    for shown in ("/whatsapp/webhooks/cloud/", "verify-me-please", "message_template_status_update"):
        assert shown in text
    assert "mine" not in text.split("<main")[1].replace("determine", "")


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"secret": "nobodys"}, "secret", "does not know this token"),
        ({"secret": "used-up"}, "secret", "has expired"),
        ({"secret": "weak"}, "secret", "lacks a permission"),
        ({"secret": "mine", "number_id": "7777"}, "number_id", "no number with this ID"),
        ({"secret": "mine", "account_id": "3000"}, "account_id", "no WhatsApp account with this ID"),
        ({"secret": "mine", "number_id": "1066"}, "number_id", "in another WhatsApp account"),
    ],
)
def test_what_meta_refuses_is_said_at_its_field(
    typed: dict[str, str], field: str, says: str, owner: Client, meta: ThreadedMeta
) -> None:
    meta.owners["mine"] = {"2077": {"1055"}, "2088": {"1066"}}
    meta.expired, meta.powerless = {"used-up"}, {"weak"}
    answer = owner.post(page("sender-connect"), {**OWN, **typed})
    found = errors(answer)
    assert list(found) == [field]
    assert says in found[field][0]
    assert Sender.objects.get().is_proved is False
    assert typed.get("secret", TOKEN) not in answer.content.decode().replace("determine", "")


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"number_id": "+972 50 123 4567"}, "number_id", "looks like a phone number"),
        ({"number_id": "050-1234567"}, "number_id", "looks like a phone number"),
        ({"number_id": "2077"}, "number_id", "the account&#x27;s ID again"),
        ({"account_id": "20/77"}, "account_id", "can&#x27;t be the id"),
        ({"secret": ""}, "secret", "required"),
    ],
)
def test_what_can_not_be_right_is_refused_before_meta_is_asked(
    typed: dict[str, str], field: str, says: str, owner: Client, settings: Any
) -> None:
    settings.WHATSAPP_API_URL, settings.WHATSAPP_APP_SECRET = "http://127.0.0.1:9/v25.0", "the-installations"
    answer = owner.post(page("sender-connect"), {**OWN, **typed})
    assert list(errors(answer)) == [field]
    assert says in answer.content.decode()
    assert not Sender.objects.exists()


def test_without_an_answer_nothing_is_lost(owner: Client, meta: ThreadedMeta, settings: Any) -> None:
    settings.WHATSAPP_API_URL = "http://127.0.0.1:9/v25.0"
    answer = owner.post(page("sender-connect"), OWN)
    assert "Try again later" in errors(answer)["__all__"][0]
    sender = Sender.objects.get()
    assert (sender.is_proved, sender.credentials) == (False, {"access_token": TOKEN})
    shown = owner.get(page("sender-correct", sender)).content.decode()
    assert 'value="1055"' in shown
    assert TOKEN not in shown
    settings.WHATSAPP_API_URL = meta.url
    owner.post(page("sender-correct", sender), {**OWN, "secret": ""})
    assert Sender.objects.get().is_proved


def test_a_wrong_number_is_corrected_in_its_own_row(owner: Client, meta: ThreadedMeta) -> None:
    meta.owners["mine"] = {"2077": {"1055"}}
    owner.post(page("sender-connect"), {**OWN, "secret": "mine", "number_id": "1056"})
    waiting = Sender.objects.get()
    owner.post(page("sender-correct", waiting), {**OWN, "secret": ""})
    sender = Sender.objects.get()
    assert (sender.pk, sender.number_id, sender.is_proved) == (waiting.pk, "1055", True)
    again = owner.post(page("sender-connect"), {**OWN, "secret": "mine", "number_id": "1057"})
    assert "number_id" in errors(again)
    other = Sender.objects.get(number_id="1057")
    refused = owner.post(page("sender-correct", other), {**OWN, "secret": ""})
    assert errors(refused) == {"__all__": ["This number is already connected."]}
    assert Sender.objects.get(number_id="1055").is_proved


def test_an_account_of_another_business_is_said_to_be_theirs(owner: Client, meta: ThreadedMeta) -> None:
    other = Business.objects.create(name="Other", slug="other")
    meta.owners["theirs"] = {"2077": {"1055"}}
    with acting_for(other):
        assert connect(other, Number("cloud", "1055", "2077", {"access_token": "theirs"}), now=NOW).problem is None
    found = errors(owner.post(page("sender-connect"), OWN))
    assert "already connected" in found["account_id"][0]
    with across_businesses():
        assert Sender.objects.exclude(proved_account=None).get().business == other


def test_a_number_at_twilio(owner: Client, twilio: FakeTwilio) -> None:
    wrong = owner.post(page("sender-connect"), {**AT_TWILIO, "secret": "wrong"})
    assert "does not accept this token" in errors(wrong)["secret"][0]
    assert "AC" in errors(owner.post(page("sender-connect"), {**AT_TWILIO, "account_id": "SK12"}))["account_id"][0]
    missing = owner.post(page("sender-connect"), {**AT_TWILIO, "number_id": "052-765-4321"})
    assert "no such number" in errors(missing)["number_id"][0]
    owner.post(page("sender-connect"), AT_TWILIO)
    sender = Sender.objects.exclude(proved_account=None).get()
    assert (sender.number_id, sender.phone) == ("+972501234567", "+972501234567")
    assert sender.credentials == {"account_sid": SID, "auth_token": "its-token"}
    text = owner.get(page("sender", sender)).content.decode()
    assert "/whatsapp/webhooks/twilio/" in text


def test_another_token_is_kept_only_once_it_is_confirmed(owner: Client, clinic: Business, meta: ThreadedMeta) -> None:
    owner.post(page("sender-connect"), OWN)
    sender = Sender.objects.get()
    meta.owners["newer"] = {"2077": {"1055"}}
    refused = owner.post(page("sender-token", sender), {"secret": "wrong"})
    assert "does not know this token" in errors(refused)["secret"][0]
    assert Sender.objects.get().credentials == {"access_token": TOKEN}
    owner.post(page("sender-token", sender), {"secret": "newer"})
    assert Sender.objects.get().credentials == {"access_token": "newer"}
    assert kinds() == [("sender_changed", "proved"), ("sender_changed", "proved"), ("credentials_changed", "")]


def test_disconnecting_pauses_what_runs_and_keeps_the_history(
    owner: Client, clinic: Business, sender: Sender, meta: ThreadedMeta
) -> None:
    broadcast = make_broadcast(sender, make_template(sender), ["+972501234567"])
    text = owner.get(page("sender", sender)).content.decode()
    assert broadcast.name in text
    assert owner.get(page("sender-disconnect", sender))["Location"] == page("sender", sender)
    owner.post(page("sender-disconnect", sender))
    sender.refresh_from_db()
    broadcast.refresh_from_db()
    assert (sender.is_proved, sender.encrypted_credentials, sender.cause) == (False, "", "disconnected")
    assert (broadcast.status, broadcast.pause_reason, broadcast.cause) == ("paused", "account", "disconnected")
    assert kinds()[-1] == ("sender_changed", "disconnected")
    with pytest.raises(Exception, match="opens this secret"):
        account_of(sender)
    listed = owner.get(page("senders")).content.decode()
    assert "Disconnected" in listed
    assert "Connect again" in listed
    owner.post(page("sender-correct", sender), {**OWN, "number_id": sender.number_id})
    sender.refresh_from_db()
    assert (sender.is_proved, sender.cause) == (True, "")
    assert Broadcast.objects.get().sender == sender


def test_what_was_only_typed_is_removed(owner: Client, meta: ThreadedMeta) -> None:
    owner.post(page("sender-connect"), {**OWN, "secret": "wrong"})
    owner.post(page("sender-disconnect", Sender.objects.get()))
    assert not Sender.objects.exists()
    assert kinds() == [("sender_changed", "removed")]


def test_the_page_says_when_the_provider_last_reached_us(owner: Client, sender: Sender) -> None:
    message = {"address": "+972501234567", "provider": "cloud", "provider_message_id": "m1", "kind": "text"}
    InboundMessage.objects.create(business=sender.business, sender=sender, received_at=NOW, **message)
    text = owner.get(page("sender", sender)).content.decode()
    assert "They arrive here" in text


def test_staff_see_the_list_and_nothing_else(clinic: Business, sender: Sender) -> None:
    staff = browser(clinic, Role.STAFF)
    listed = staff.get(page("senders")).content.decode()
    assert page("sender-connect") not in listed
    assert page("sender", sender) not in listed
    for name, rows in (("sender-connect", ()), ("sender", (sender,)), ("sender-correct", (sender,))):
        assert staff.get(page(name, *rows)).status_code == 404
    for name in ("sender-token", "sender-disconnect"):
        assert staff.post(page(name, sender)).status_code == 404
    sender.refresh_from_db()
    assert sender.is_proved
