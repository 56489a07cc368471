"""Owners add addresses that are told, see their secret once, try them, and send again what was missed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from businesses.happenings import Happening, happened
from businesses.hooks import endpoints
from businesses.membership import add_member
from businesses.models import AuditEntry, Business, Role, User, WebhookDelivery, WebhookEndpoint
from businesses.tenancy import acting_for

pytestmark = pytest.mark.django_db

HOOK = "https://crm.example/hook?key=abc"


@pytest.fixture
def clinic() -> Business:
    return Business.objects.create(name="Clinic", slug="clinic")


@pytest.fixture
def owner(clinic: Business) -> Client:
    user = User.objects.create_user("dana@clinic.test")
    add_member(clinic, user, Role.OWNER)
    client = Client()
    client.force_login(user)
    return client


def page(name: str, **named: Any) -> str:
    return reverse(name, kwargs={"slug": "clinic", **named})


def add(owner: Client, url: str = HOOK, kinds: tuple[str, ...] = ("call.ended", "contact.opted_out")) -> Any:
    return owner.post(page("webhook-add"), {"url": url, "kinds": list(kinds)})


def only(clinic: Business) -> WebhookEndpoint:
    with acting_for(clinic):
        return WebhookEndpoint.objects.get()


def test_the_secret_is_shown_once(clinic: Business, owner: Client) -> None:
    shown = add(owner).content.decode()
    endpoint = only(clinic)
    [secret] = set(re.findall(r"whsec_[\w+/=]{40,}", shown))
    assert endpoints.secrets_of(endpoint, now=timezone.now()) == [secret]
    for name, named in (("webhook", {"endpoint_id": endpoint.pk}), ("integrations", {})):
        assert "whsec_" not in owner.get(page(name, **named)).content.decode()
    new = owner.post(page("webhook-secret", endpoint_id=endpoint.pk)).content.decode()
    assert set(re.findall(r"whsec_[\w+/=]{40,}", new)) == {endpoints.secrets_of(only(clinic), now=timezone.now())[0]}
    assert secret not in new


def test_what_owners_do_is_in_the_audit_log_without_what_an_address_may_hide(clinic: Business, owner: Client) -> None:
    add(owner)
    pk = only(clinic).pk
    owner.post(page("webhook-change", endpoint_id=pk), {"url": HOOK + "2", "kinds": ["call.ended"]})
    owner.post(page("webhook-switch", endpoint_id=pk), {"to": "off"})
    owner.post(page("webhook-switch", endpoint_id=pk), {"to": "on"})
    owner.post(page("webhook-remove", endpoint_id=pk))
    with acting_for(clinic):
        entries = AuditEntry.objects.filter(kind="webhook_changed").order_by("pk")
        assert [each.details["step"] for each in entries] == [
            "added", "changed", "switched_off", "switched_on", "removed",
        ]  # fmt: skip
        assert {each.details["host"] for each in entries} == {"crm.example"}
        assert "abc" not in str([each.details for each in entries])
        assert not WebhookEndpoint.objects.exists()
    assert "crm.example" in owner.get(page("audit")).content.decode()


@pytest.mark.parametrize(
    "url", ["http://crm.example/", "https://127.0.0.1/", "https://169.254.169.254/", "ftp://x/", "nonsense", ""]
)
def test_an_address_that_can_not_be_told_is_refused_and_nothing_typed_is_lost(
    url: str, clinic: Business, owner: Client, settings: Any
) -> None:
    settings.DEBUG = False
    answer = add(owner, url)
    assert answer.status_code == 422
    assert f'value="{url}"' in answer.content.decode() or not url
    assert answer.content.decode().count("checked") == 2
    with acting_for(clinic):
        assert not WebhookEndpoint.objects.exists()


def test_there_are_only_so_many(clinic: Business, owner: Client) -> None:
    for number in range(endpoints.MOST):
        assert add(owner, f"{HOOK}{number}").status_code == 200
    assert add(owner).status_code == 422
    with acting_for(clinic):
        assert WebhookEndpoint.objects.count() == endpoints.MOST


def test_a_test_message_waits_to_be_sent(clinic: Business, owner: Client) -> None:
    add(owner)
    owner.post(page("webhook-try", endpoint_id=only(clinic).pk))
    with acting_for(clinic):
        assert WebhookDelivery.objects.get().kind == "test"


def test_what_was_missed_is_sent_again_from_the_log(clinic: Business, owner: Client) -> None:
    add(owner)
    endpoint = only(clinic)
    with acting_for(clinic):
        happened(clinic, Happening.CALL_ENDED, {"caller": "+972501112233"}, now=timezone.now() - timedelta(days=2))
    owner.post(page("webhook-switch", endpoint_id=endpoint.pk), {"to": "off"})
    with acting_for(clinic):
        [missed] = WebhookDelivery.objects.all()
    assert missed.state == "failed"
    again = page("webhook-again", delivery_id=missed.pk)
    assert "+972501112233" in owner.get(page("webhook", endpoint_id=endpoint.pk)).content.decode()
    owner.post(again)  # the address is off
    with acting_for(clinic):
        assert WebhookDelivery.objects.get().state == "failed"
    owner.post(page("webhook-switch", endpoint_id=endpoint.pk), {"to": "on"})
    owner.post(again)
    with acting_for(clinic):
        assert WebhookDelivery.objects.get().state == "waiting"
