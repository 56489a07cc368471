"""A business with a number at Meta or at Twilio, both played by stand-ins: writing to people, and what they do."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlencode

from django.test import Client
from twilio.request_validator import RequestValidator

from businesses.models import Business
from testing.broadcasts import make_broadcast, make_sender, make_template
from testing.meta import ThreadedMeta
from testing.twilio import FakeTwilio
from whatsapp.conftest import Send
from whatsapp.models import Broadcast, MessageTemplate, Recipient, Sender
from whatsapp.providers.sandbox import notices
from whatsapp.webhooks.applying import apply_news

TOKEN = "a-twilio-token"
_serial = itertools.count(1)


class World(Protocol):
    """What both providers can do."""

    business: Business
    sender: Sender
    template: MessageTemplate

    def broadcast(self, *addresses: str) -> Broadcast:
        """Send a broadcast to these addresses, until all is done."""

    def got(self) -> list[str]:
        """Returns the addresses that messages went to since the last call."""

    def says(self, address: str, text: str, *, quoting: Recipient | None = None, user_id: str = "") -> None:
        """Let a person write; `address` is a number or "", `user_id` their id."""

    def reports(self, row: Recipient, *, as_number: str = "", as_user_id: str = "") -> None:
        """Report a message as delivered to the person under these names."""


def applied() -> None:
    """Apply all webhooks."""
    while apply_news(datetime.now(UTC)):
        pass


@dataclass
class MetaWorld:
    """A number at Meta."""

    business: Business
    client: Client
    send: Send
    meta: ThreadedMeta
    sender: Sender = field(init=False)
    template: MessageTemplate = field(init=False)

    def __post_init__(self) -> None:
        self.sender = make_sender(self.business)
        self.template = make_template(self.sender)

    def broadcast(self, *addresses: str) -> Broadcast:
        made = make_broadcast(self.sender, self.template, addresses)
        self.send()
        return made

    def got(self) -> list[str]:
        found = [post.address for post in self.meta.posts if post.accepted]
        self.meta.posts.clear()
        return found

    def says(self, address: str, text: str, *, quoting: Recipient | None = None, user_id: str = "") -> None:
        message: dict[str, Any] = {
            "id": f"wamid.in.{next(_serial)}",
            "timestamp": str(int(datetime.now(UTC).timestamp())),
            "type": "text",
            "text": {"body": text},
        }
        contact: dict[str, Any] = {"profile": {"name": "Dana"}}
        if address:
            message["from"] = contact["wa_id"] = address.lstrip("+")
        if user_id:
            message["from_user_id"] = contact["user_id"] = user_id
        if quoting:
            message["context"] = {"from": "1055", "id": quoting.provider_message_id}
        self.post("messages", {"contacts": [contact], "messages": [message]})

    def system(self, old: str, **system: str) -> None:
        """Report that a person changed their number or id."""
        message: dict[str, Any] = {
            "id": f"wamid.system.{next(_serial)}",
            "timestamp": str(int(datetime.now(UTC).timestamp())),
            "type": "system",
            "system": system,
        }
        self.post("messages", {"messages": [message | ({"from": old.lstrip("+")} if old else {})]})

    def prefers(self, address: str, user_id: str, value: str) -> None:
        """Let a person stop or resume marketing in WhatsApp."""
        chosen = {"wa_id": address.lstrip("+"), "user_id": user_id, "category": "marketing_messages", "value": value}
        self.post(
            "user_preferences", {"user_preferences": [chosen | {"timestamp": int(datetime.now(UTC).timestamp())}]}
        )

    def reports(self, row: Recipient, *, as_number: str = "", as_user_id: str = "") -> None:
        row.refresh_from_db()
        status = {
            "id": row.provider_message_id,
            "status": "delivered",
            "timestamp": str(int(datetime.now(UTC).timestamp())),
            "biz_opaque_callback_data": str(row.attempt_id),
        }
        named = {"recipient_id": as_number.lstrip("+"), "recipient_user_id": as_user_id}
        self.post("messages", {"statuses": [status | {name: value for name, value in named.items() if value}]})

    def post(self, field_: str, value: dict[str, Any], *, secret: str = "an-app-secret") -> int:  # noqa: S107 - the stand-in's
        """Post a change of the number, signed, and apply it. Returns the status of the answer."""
        metadata = {"display_phone_number": "15550100000", "phone_number_id": self.sender.number_id}
        envelope = notices.envelope(self.sender.account_id, field_, {"metadata": metadata, **value})
        body = json.dumps(envelope).encode()
        headers = {"X-Hub-Signature-256": notices.signature(body, secret)}
        answer = self.client.post("/whatsapp/webhooks/cloud/", body, content_type="application/json", headers=headers)
        applied()
        return answer.status_code


@dataclass
class TwilioWorld:
    """A number at Twilio."""

    business: Business
    client: Client
    send: Send
    twilio: FakeTwilio
    sender: Sender = field(init=False)
    template: MessageTemplate = field(init=False)

    def __post_init__(self) -> None:
        self.sender = make_sender(self.business, provider="twilio", number_id="+15550100000", account_id="AC1")
        self.sender.set_credentials({"account_sid": "AC1", "auth_token": TOKEN})
        self.sender.save()
        self.template = make_template(self.sender, provider_template_id="HX1")

    def broadcast(self, *addresses: str) -> Broadcast:
        made = make_broadcast(self.sender, self.template, addresses)
        self.send()
        return made

    def got(self) -> list[str]:
        found = [form["To"].removeprefix("whatsapp:") for form in self.twilio.sent if "ContentSid" in form]
        self.twilio.sent.clear()
        return found

    def says(self, address: str, text: str, *, quoting: Recipient | None = None, user_id: str = "") -> None:
        form = {
            "MessageSid": f"SMin{next(_serial)}",
            "From": f"whatsapp:{address or user_id}",
            "To": "whatsapp:+15550100000",
            "Body": text,
            "ProfileName": "Dana",
        }
        if address:
            form["WaId"] = address.lstrip("+")
        if user_id:
            form["ExternalUserId"] = user_id
        if quoting:
            form["OriginalRepliedMessageSid"] = str(quoting.provider_message_id)
        self.post(form)

    def reports(self, row: Recipient, *, as_number: str = "", as_user_id: str = "") -> None:
        row.refresh_from_db()
        form = {
            "MessageSid": str(row.provider_message_id),
            "MessageStatus": "delivered",
            "From": "whatsapp:+15550100000",
            "To": f"whatsapp:{as_number or as_user_id}",
        }
        if as_user_id:
            form["ExternalUserId"] = as_user_id
        self.post(form, tracker=row.attempt_id)

    def post(self, form: dict[str, str], *, tracker: uuid.UUID | None = None, token: str = TOKEN) -> int:
        """Post a form, signed, and apply it. Returns the status of the answer."""
        form = {"AccountSid": "AC1", **form}
        path = f"/whatsapp/webhooks/twilio/{f'?a={tracker}' if tracker else ''}"
        signature = RequestValidator(token).compute_signature(f"http://127.0.0.1:8000{path}", form)
        answer = self.client.post(
            path,
            urlencode(form),
            content_type="application/x-www-form-urlencoded",
            headers={"X-Twilio-Signature": signature},
        )
        applied()
        return answer.status_code


def rows_of(broadcast: Broadcast) -> dict[str, tuple[str, str]]:
    """Returns state and skip reason of each row of a broadcast, by its address."""
    rows = Recipient.objects.filter(broadcast=broadcast)
    return {
        str(address): (status, why) for address, status, why in rows.values_list("address", "status", "skip_reason")
    }


def csv_of(addresses: Iterable[str]) -> bytes:
    """Returns a file of people with these numbers."""
    return ("phone,first_name\n" + "".join(f"{address},Dana\n" for address in addresses)).encode()
