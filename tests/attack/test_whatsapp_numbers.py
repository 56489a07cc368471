"""A number on WhatsApp belongs to who has proved it.

Defended: an owner can't read, forge or block another business's news by typing that business's number, account or
messaging service, whoever comes first; only what the provider confirms (token, number and account together) becomes
active, and a webhook touches only numbers that its signer speaks for. Numbers of calls are the operator's to give.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.urls import reverse

from businesses.models import PhoneNumber
from businesses.tenancy import across_businesses, acting_for
from testing.broadcasts import make_broadcast, make_template
from testing.meta import ThreadedMeta, threaded_meta
from testing.twilio import FakeTwilio, TwilioAccount, threaded_twilio
from tests.attack import number_owners
from tests.attack.number_owners import DANA, Owner, meta_posts, of_number, rows_of, said, twilio_posts, write_to
from whatsapp.keeping.news import news_of
from whatsapp.models import (
    InboundMessage,
    Recipient,
    Sender,
    Suppression,
    SuppressionCategory,
    SuppressionSource,
    WebhookNews,
)
from whatsapp.numbers.connecting import Number, check, connect
from whatsapp.people import suppressions
from whatsapp.providers.base import ProviderUnavailable
from whatsapp.providers.sandbox import notices

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
OWN_APP = "mallorys-own-app"
both_providers = pytest.mark.parametrize("provider", ["cloud", "twilio"])


@pytest.fixture
def meta(settings: Any) -> Iterator[ThreadedMeta]:
    with threaded_meta() as server:
        settings.WHATSAPP_API_URL = server.url
        settings.WHATSAPP_APP_SECRET = number_owners.APP_SECRET
        settings.PUBLIC_URL = number_owners.PUBLIC_URL
        yield server


@pytest.fixture
def twilio(settings: Any) -> Iterator[FakeTwilio]:
    with threaded_twilio() as server:
        settings.TWILIO_API_URL = server.url
        yield server


@pytest.fixture
def clinic(meta: ThreadedMeta, twilio: FakeTwilio) -> Owner:
    honest = number_owners.owner("clinic", 1)
    number_owners.give_to(honest, meta, twilio)
    return honest


@pytest.fixture
def mallory(meta: ThreadedMeta, twilio: FakeTwilio) -> Owner:
    attacker = number_owners.owner("mallory", 6)
    number_owners.give_to(attacker, meta, twilio)
    return attacker


def with_own_app(person: Owner) -> None:
    """Connect a number with an app of its own, whose secret its owner knows."""
    secrets = {"access_token": person.tokens["cloud"], "app_secret": OWN_APP}
    number = Number("cloud", person.numbers["cloud"], person.accounts["cloud"], secrets)
    assert connect(person.business, number, now=NOW).problem is None


def sent_row(sender: Sender) -> Recipient:
    """A message of a running broadcast that the provider has accepted."""
    with acting_for(sender.business):
        broadcast = make_broadcast(sender, make_template(sender), [DANA])
        row = Recipient.objects.get(broadcast=broadcast)
        row.status, row.attempt_id, row.provider_message_id = "accepted", uuid.uuid4(), "victims-message"
        row.accepted_at = datetime.now(UTC)
        row.save()
    return row


def is_active(sender: Sender) -> bool:
    with across_businesses():
        return Sender.objects.get(pk=sender.pk).is_proved


def inbox_of(person: Owner) -> list[str]:
    with acting_for(person.business):
        return list(InboundMessage.objects.order_by("text").values_list("text", flat=True))


# Forged news


def forged_by_meta_app(victim: Owner, row: Recipient) -> list[dict[str, Any]]:
    number, account = victim.numbers["cloud"], victim.accounts["cloud"]
    status = {
        "id": "victims-message",
        "status": "failed",
        "timestamp": "1764000000",
        "biz_opaque_callback_data": str(row.attempt_id),
        "errors": [{"code": 131050, "title": "stopped"}],
    }
    template = {"event": "DISABLED", "message_template_id": "77", "message_template_name": "spring_sale"}
    preference = {"wa_id": DANA[1:], "category": "marketing_messages", "value": "stop", "timestamp": "1764000000"}
    changes = [
        notices.envelope(account, "message_template_status_update", {**template, "message_template_language": "en_US"}),
        notices.envelope(account, "account_update", {"event": "ACCOUNT_RESTRICTION"}),
        notices.envelope(account, "business_capability_update", {"max_daily_conversations_per_business": 1}),
    ]
    values = [said("forged", "f1"), said("STOP", "f2"), said("START", "f3"), {"statuses": [status]}]
    numbers = [of_number(number, account, value) for value in values]
    numbers.append(of_number(number, account, {"user_preferences": [preference]}, "user_preferences"))
    return [*numbers, *changes]


@pytest.mark.parametrize("claims", ["victims_account", "own_account"])
def test_an_own_meta_app_speaks_for_no_other_business(claims: str, clinic: Owner, mallory: Owner) -> None:
    row = sent_row(clinic.types("cloud"))
    with acting_for(clinic.business):
        everything, source = SuppressionCategory.ALL, SuppressionSource.REPLY
        suppressions.suppress(clinic.business, DANA, category=everything, source=source, now=NOW)
    with_own_app(mallory)
    before = rows_of(clinic.business)
    for notice in forged_by_meta_app(clinic, row):
        notice["entry"].append({"id": mallory.accounts["cloud"], "changes": []})  # names the account that is theirs
        if claims == "own_account":
            notice["entry"][0]["id"] = mallory.accounts["cloud"]
        assert meta_posts(notice, OWN_APP) == 200
        number_owners.apply()
    assert WebhookNews.objects.count() == 8
    assert rows_of(clinic.business) == before
    assert inbox_of(mallory) == []


def test_an_own_app_that_names_none_of_its_accounts_is_refused(clinic: Owner, mallory: Owner) -> None:
    clinic.types("cloud")
    with_own_app(mallory)
    forged = of_number(clinic.numbers["cloud"], clinic.accounts["cloud"], said("forged"))
    assert meta_posts(forged, OWN_APP) == 401
    assert not WebhookNews.objects.exists()


def forged_by_twilio_account(victim: Owner, account: str) -> list[tuple[dict[str, str], str]]:
    number = victim.numbers["twilio"]
    to = {"AccountSid": account, "From": f"whatsapp:{DANA}", "To": f"whatsapp:{number}"}
    texts = [{**to, "MessageSid": f"f-{text}", "Body": text} for text in ("forged", "STOP", "START")]
    status = {"AccountSid": account, "MessageSid": "victims-message", "From": f"whatsapp:{number}"}
    return [(text, "") for text in texts] + [({**status, "MessageStatus": "failed", "ErrorCode": "63049"}, "attempt")]


@pytest.mark.parametrize("order", ["honest_first", "attacker_first"])
def test_a_twilio_account_speaks_for_no_other_account(order: str, clinic: Owner, mallory: Owner) -> None:
    people = [clinic, mallory] if order == "honest_first" else [mallory, clinic]
    made = {person.business.slug: person.types("twilio") for person in people}
    row = sent_row(made["clinic"])
    before = rows_of(clinic.business)
    for form, query in forged_by_twilio_account(clinic, mallory.accounts["twilio"]):
        attempt = f"?a={row.attempt_id}" if query else ""
        assert twilio_posts(form, mallory.tokens["twilio"], attempt) == 200
        as_the_victim = {**form, "AccountSid": clinic.accounts["twilio"]}
        assert twilio_posts(as_the_victim, mallory.tokens["twilio"]) == 401
        number_owners.apply()
    assert rows_of(clinic.business) == before
    assert inbox_of(mallory) == []


@both_providers
def test_made_up_credentials_sign_nothing(provider: str, clinic: Owner, mallory: Owner) -> None:
    clinic.types(provider)
    typed = mallory.types(provider, number=clinic.numbers[provider], account="AC-made-up", secret="made-up")
    assert not is_active(typed)
    before = rows_of(clinic.business)
    forged = {"AccountSid": "AC-made-up", "MessageSid": "f1", "Body": "STOP", "From": f"whatsapp:{DANA}"}
    answers = [
        twilio_posts({**forged, "To": f"whatsapp:{clinic.numbers['twilio']}"}, "made-up"),
        meta_posts(of_number(clinic.numbers["cloud"], "AC-made-up", said("STOP")), "made-up"),
    ]
    assert answers == [401, 401]
    assert rows_of(clinic.business) == before


@both_providers
def test_a_forged_id_does_not_swallow_the_true_message(provider: str, clinic: Owner, mallory: Owner) -> None:
    clinic.types(provider)
    if provider == "cloud":
        with_own_app(mallory)
        own = of_number(mallory.numbers["cloud"], mallory.accounts["cloud"], said("forged", "m1"))
        assert meta_posts(own, OWN_APP) == 200
        number_owners.apply()
    else:
        mallory.types(provider)
        assert write_to(mallory, provider, "forged", "m1") == 200
    assert write_to(clinic, provider, "true", "m1") == 200
    assert (inbox_of(clinic), inbox_of(mallory)) == (["true"], ["forged"])


def test_the_signer_decides_again_when_news_are_applied(clinic: Owner, mallory: Owner, meta: ThreadedMeta) -> None:
    number, account = clinic.numbers["cloud"], clinic.accounts["cloud"]
    former = replace(mallory, numbers=clinic.numbers, accounts=clinic.accounts)
    meta.owners[mallory.tokens["cloud"]] = {account: {number}}  # theirs, until they give it away
    with_own_app(former)
    assert meta_posts(of_number(number, account, said("before")), OWN_APP) == 200
    meta.owners[mallory.tokens["cloud"]] = {}
    assert is_active(clinic.types("cloud"))
    number_owners.apply()
    assert (inbox_of(clinic), inbox_of(mallory)) == ([], [])


@both_providers
def test_raw_news_are_shown_to_who_has_proved_the_number(provider: str, clinic: Owner, mallory: Owner) -> None:
    clinic.types(provider)
    mallory.types(provider, number=clinic.numbers[provider], account=clinic.accounts[provider], secret="made-up")
    assert write_to(clinic, provider, "hello") == 200
    seen = {}
    for person in (clinic, mallory):
        with acting_for(person.business):
            seen[person.business.slug] = news_of(person.business).count()
    assert seen == {"clinic": 1, "mallory": 0}


# Who comes first


@both_providers
@pytest.mark.parametrize("order", ["honest_first", "attacker_first"])
def test_who_can_not_prove_a_number_stands_in_nobodys_way(
    order: str, provider: str, clinic: Owner, mallory: Owner
) -> None:
    def attack() -> list[Sender]:
        own = {"number": mallory.numbers[provider], "account": mallory.accounts[provider]}
        theirs = {"number": clinic.numbers[provider], "account": clinic.accounts[provider]}
        return [mallory.types(provider, **pair) for pair in (theirs, {**own, "account": theirs["account"]})]

    typed = attack() if order == "attacker_first" else []
    assert is_active(clinic.types(provider))
    typed += attack() if order == "honest_first" else []
    assert not any(map(is_active, typed))
    assert write_to(clinic, provider, "STOP") == 200
    assert (inbox_of(clinic), inbox_of(mallory)) == (["STOP"], [])
    with across_businesses():
        assert [each.business for each in Suppression.objects.all()] == [clinic.business]


@both_providers
def test_the_own_account_is_no_proof_of_anothers_number(provider: str, clinic: Owner, mallory: Owner) -> None:
    typed = mallory.types(provider, number=clinic.numbers[provider])
    cause = {"cloud": "proof_refused", "twilio": "number_not_in_account"}[provider]
    assert (is_active(typed), typed.cause) == (False, cause)
    assert is_active(clinic.types(provider))


@both_providers
def test_an_account_belongs_to_the_first_that_proves_it(
    provider: str, clinic: Owner, mallory: Owner, meta: ThreadedMeta, twilio: FakeTwilio
) -> None:
    number_owners.give_to(replace(mallory, numbers=clinic.numbers, accounts=clinic.accounts), meta, twilio)
    twilio.accounts[clinic.accounts["twilio"]] = replace(
        twilio.accounts[clinic.accounts["twilio"]], token=clinic.tokens["twilio"]
    )
    shared = clinic.tokens["twilio"] if provider == "twilio" else mallory.tokens["cloud"]
    first = clinic.types(provider)
    second = mallory.types(provider, number=clinic.numbers[provider], account=clinic.accounts[provider], secret=shared)
    assert (is_active(first), is_active(second), second.cause) == (True, False, "number_taken")


@both_providers
def test_who_can_prove_it_no_more_gives_way(
    provider: str, clinic: Owner, mallory: Owner, meta: ThreadedMeta, twilio: FakeTwilio
) -> None:
    # An agency had the account before; its client took the access away and connects it.
    agency = replace(mallory, numbers=clinic.numbers, accounts=clinic.accounts)
    number_owners.give_to(agency, meta, twilio)
    before = agency.types(provider)
    assert is_active(before)
    meta.owners[mallory.tokens["cloud"]] = {"2999": {"1999"}}
    number_owners.give_to(clinic, meta, twilio)
    assert is_active(clinic.types(provider))
    before.refresh_from_db()
    assert (before.is_proved, before.health, before.cause) == (False, "blocked", "number_moved")
    assert write_to(clinic, provider, "hello") == 200
    assert (inbox_of(clinic), inbox_of(mallory)) == (["hello"], [])


@both_providers
def test_without_an_answer_nothing_becomes_active_and_nothing_is_taken(
    provider: str, clinic: Owner, mallory: Owner, settings: Any
) -> None:
    addresses = settings.WHATSAPP_API_URL, settings.TWILIO_API_URL
    settings.WHATSAPP_API_URL, settings.TWILIO_API_URL = "http://127.0.0.1:9/v25.0", "http://127.0.0.1:9"
    typed = clinic.types(provider)
    assert (is_active(typed), typed.cause) == (False, "not_proved")
    with acting_for(clinic.business), pytest.raises(ProviderUnavailable):
        check(typed, now=NOW)
    settings.WHATSAPP_API_URL, settings.TWILIO_API_URL = addresses
    url = reverse("sender-check", args=[clinic.business.slug, typed.pk])
    assert clinic.browser.post(url).status_code == 302
    assert is_active(typed)


# What is active


@both_providers
def test_a_proved_number_is_not_edited(provider: str, clinic: Owner, mallory: Owner) -> None:
    sender = mallory.types(provider)
    fields = {
        "provider": provider,
        "number_id": clinic.numbers[provider],
        "account_id": clinic.accounts[provider],
        "phone": clinic.numbers["twilio"],
    }
    page = reverse("admin:whatsapp_sender_change", args=[sender.pk])
    assert mallory.browser.post(page, {**fields, "display_name": "Mine"}).status_code == 302
    before = sender.number_id, sender.account_id, sender.phone
    sender.refresh_from_db()
    assert (sender.number_id, sender.account_id, sender.phone) == before
    assert (sender.display_name, sender.is_proved) == ("Mine", True)
    assert mallory.browser.post(page, {"secret": "another"}, follow=True).status_code == 200
    kept = sender.credentials
    sender.refresh_from_db()
    assert (sender.credentials, sender.is_proved, sender.health) == (kept, True, "ready")


def test_another_token_is_confirmed_before_it_is_kept(clinic: Owner, meta: ThreadedMeta) -> None:
    sender = clinic.types("cloud")
    meta.owners["fresh"] = meta.owners[clinic.tokens["cloud"]]
    clinic.browser.post(reverse("admin:whatsapp_sender_change", args=[sender.pk]), {"secret": "fresh"})
    sender.refresh_from_db()
    assert sender.credentials["access_token"] == "fresh"


@pytest.mark.parametrize("wrong", ["1001/messages", "1001?x=", "../me", "1001#", "1001%2f", "١٢٣", ""])
def test_an_id_can_not_change_the_address_that_is_asked(wrong: str, mallory: Owner) -> None:
    for field in ("number_id", "account_id"):
        fields = {"business": str(mallory.business.pk), "provider": "cloud", "number_id": "1006", "account_id": "2006"}
        page = reverse("admin:whatsapp_sender_add")
        assert mallory.browser.post(page, {**fields, field: wrong, "secret": "t"}).status_code == 200
    with across_businesses():
        assert not Sender.objects.exists()


def test_twilios_trial_number_and_services_are_told_apart_by_the_account(
    clinic: Owner, mallory: Owner, twilio: FakeTwilio
) -> None:
    trial = "+14155238886"
    both = [person.types("twilio", number=trial) for person in (mallory, clinic)]
    assert all(map(is_active, both))
    assert write_to(replace(clinic, numbers={"twilio": trial}), "twilio", "hello") == 200
    assert (inbox_of(clinic), inbox_of(mallory)) == (["hello"], [])
    account = clinic.accounts["twilio"]
    twilio.accounts[account] = TwilioAccount(clinic.tokens["twilio"], services=frozenset({"MG1"}))
    assert not is_active(mallory.types("twilio", number="MG1"))
    assert is_active(clinic.types("twilio", number="MG1"))


def test_the_stand_in_needs_debug(mallory: Owner, settings: Any) -> None:
    fields = {"business": str(mallory.business.pk), "provider": "sandbox", "number_id": "s", "account_id": "s"}
    settings.DEBUG = False
    answer = mallory.browser.post(reverse("admin:whatsapp_sender_add"), fields)
    assert "works with DEBUG alone" in answer.content.decode()
    with across_businesses():
        assert not Sender.objects.exists()


def test_numbers_of_calls_are_the_operators_to_give(mallory: Owner) -> None:
    number = "+15550001001"
    answer = mallory.browser.post(reverse("admin:businesses_phonenumber_add"), {"number": number})
    assert answer.status_code in {403, 404}
    change = reverse("admin:businesses_business_change", args=[mallory.business.pk])
    rows = {"phone_numbers-TOTAL_FORMS": "1", "phone_numbers-INITIAL_FORMS": "0", "phone_numbers-0-number": number}
    page = mallory.browser.get(change)
    fields = {name: value for name, value in page.context["adminform"].form.initial.items() if value is not None}
    mallory.browser.post(change, {**fields, **rows})
    assert not PhoneNumber.objects.exists()
