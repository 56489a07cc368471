"""Owners of businesses at stand-ins for Meta and Twilio: what each can prove, and webhooks with anybody's signature."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse
from twilio.request_validator import RequestValidator

from businesses.models import Business, Membership, Role, User
from businesses.tenancy import across_businesses
from businesses.tests.rows import own_models
from testing.meta import ThreadedMeta
from testing.twilio import FakeTwilio, TwilioAccount
from whatsapp.models import Sender
from whatsapp.providers.sandbox import notices
from whatsapp.webhooks.applying import apply_news

PUBLIC_URL = "http://127.0.0.1:8000"
APP_SECRET = "the-installations-app"
DANA = "+972501234567"


@dataclass(frozen=True)
class Owner:
    """An owner with a browser, and what they can prove at each provider."""

    business: Business
    browser: Client
    numbers: Mapping[str, str]
    accounts: Mapping[str, str]
    tokens: Mapping[str, str]

    def types(self, provider: str, *, number: str = "", account: str = "", secret: str = "") -> Sender:
        """Type a number into the admin's form; by default their own. Returns the row that is kept."""
        fields = {
            "business": str(self.business.pk),
            "provider": provider,
            "number_id": number or self.numbers[provider],
            "account_id": account or self.accounts[provider],
            "phone": number or self.numbers[provider] if provider == "twilio" else "",
            "secret": secret or self.tokens[provider],
        }
        answer = self.browser.post(reverse("admin:whatsapp_sender_add"), fields)
        assert answer.status_code == 302, answer.content.decode()
        with across_businesses():
            return Sender.objects.get(business=self.business, provider=provider, number_id=fields["number_id"])


def owner(name: str, digit: int) -> Owner:
    """Returns the owner of a new business."""
    business = Business.objects.create(name=name, slug=name, time_zone="Asia/Jerusalem")
    person = User.objects.create_user(f"owner@{name}.test", "pw", is_staff=True)
    Membership.objects.create(business=business, user=person, role=Role.OWNER)
    browser = Client()
    browser.force_login(person)
    return Owner(
        business,
        browser,
        numbers={"cloud": f"100{digit}", "twilio": f"+1555000100{digit}"},
        accounts={"cloud": f"200{digit}", "twilio": f"AC{digit}" * 2},
        tokens={"cloud": f"token-of-{name}", "twilio": f"token-of-{name}"},
    )


def give_to(person: Owner, meta: ThreadedMeta, twilio: FakeTwilio) -> None:
    """Have both providers know what is this owner's."""
    meta.owners[person.tokens["cloud"]] = {person.accounts["cloud"]: {person.numbers["cloud"]}}
    senders = frozenset({person.numbers["twilio"]})
    twilio.accounts[person.accounts["twilio"]] = TwilioAccount(person.tokens["twilio"], senders=senders)


def meta_posts(notice: dict[str, Any], secret: str = APP_SECRET) -> int:
    """Post a webhook that is signed with this app secret. Returns the status of our answer."""
    body = json.dumps(notice).encode()
    answer = Client().post(
        "/whatsapp/webhooks/cloud/",
        body,
        content_type="application/json",
        headers={"X-Hub-Signature-256": notices.signature(body, secret)},
    )
    return answer.status_code


def twilio_posts(form: Mapping[str, str], token: str, query: str = "") -> int:
    """Post a webhook that is signed with this token. Returns the status of our answer."""
    path = f"/whatsapp/webhooks/twilio/{query}"
    answer = Client().post(
        path,
        urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": RequestValidator(token).compute_signature(PUBLIC_URL + path, form)},
    )
    return answer.status_code


def said(text: str, message_id: str = "m1") -> dict[str, Any]:
    """Returns what Meta puts into a webhook when Dana writes."""
    message = {"from": DANA[1:], "id": message_id, "timestamp": "1764000000", "type": "text", "text": {"body": text}}
    return {"messages": [message], "contacts": [{"wa_id": DANA[1:], "profile": {"name": "Dana"}}]}


def of_number(number: str, account: str, value: Mapping[str, Any], field: str = "messages") -> dict[str, Any]:
    """Returns a webhook of Meta's about a number."""
    whole = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}, **value}
    return notices.envelope(account, field, whole)


def write_to(person: Owner, provider: str, text: str, message_id: str = "m1") -> int:
    """Dana writes to a business: the provider posts it, signed as is right. Returns the status of our answer."""
    number, account = person.numbers[provider], person.accounts[provider]
    if provider == "cloud":
        status = meta_posts(of_number(number, account, said(text, message_id)))
    else:
        form = {"AccountSid": account, "MessageSid": message_id, "From": f"whatsapp:{DANA}", "Body": text}
        status = twilio_posts({**form, "To": f"whatsapp:{number}"}, person.tokens["twilio"])
    apply()
    return status


def apply() -> None:
    """Apply all news."""
    while apply_news(datetime.now(UTC)):
        pass


def rows_of(business: Business) -> dict[str, list[dict[str, Any]]]:
    """Returns every row of a business, to show that nothing of it was touched."""
    kept = {}
    for model in own_models():
        if any(each.name == "business" for each in model._meta.fields):
            kept[model._meta.label] = list(model._base_manager.filter(business=business).order_by("pk").values())
    return kept
