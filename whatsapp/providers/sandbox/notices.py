"""Webhooks in Meta's format, for the sandbox and for tests."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from whatsapp.providers.sandbox.wa_ids import wa_id_of


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a message. `what`: sent, delivered, read, failed, or reply.

    `address` is the one written to. `wa_id` (digits) is the one by which WhatsApp knows the person, where it isn't the
    usual one for that number; `user_id` is their business-scoped id, which stands alone if `wa_id` is "-".
    """

    address: str
    message_id: str
    tracker: str
    what: str
    at: datetime
    error_code: int = 0
    text: str = ""
    wa_id: str = ""
    user_id: str = ""

    @property
    def number(self) -> str:
        """Returns the person's number in WhatsApp, in digits; "" where only the user id is told."""
        return "" if self.wa_id == "-" else self.wa_id or wa_id_of(self.address)


def notice(number_id: str, account_id: str, happenings: Sequence[Happening]) -> dict[str, Any]:
    """Returns one webhook with all of these."""
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number_id, "phone_number_id": number_id},
    }
    statuses = [_status(happening) for happening in happenings if happening.what != "reply"]
    messages = [_message(happening) for happening in happenings if happening.what == "reply"]
    if statuses:
        value["statuses"] = statuses
    if messages:
        value["messages"] = messages
        value["contacts"] = [_contact(happening) for happening in happenings if happening.what == "reply"]
    return envelope(account_id, "messages", value)


def envelope(account_id: str, field: str, value: dict[str, Any]) -> dict[str, Any]:
    """Returns a webhook with any change of an account."""
    changes = [{"field": field, "value": value}]
    return {"object": "whatsapp_business_account", "entry": [{"id": account_id, "changes": changes}]}


def signature(body: bytes, app_secret: str) -> str:
    """Returns the value of `X-Hub-Signature-256` for a body."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def _status(happening: Happening) -> dict[str, Any]:
    status: dict[str, Any] = {
        "id": happening.message_id,
        "status": happening.what,
        "timestamp": str(int(happening.at.timestamp())),
        **_named(recipient_id=happening.number, recipient_user_id=happening.user_id),
        "biz_opaque_callback_data": happening.tracker,
    }
    if happening.what == "failed":
        title = "Message undeliverable."
        status["errors"] = [{"code": happening.error_code, "title": title, "error_data": {"details": title}}]
    else:
        status["pricing"] = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"}
    return status


def _message(happening: Happening) -> dict[str, Any]:
    return {
        **_named(**{"from": happening.number}, from_user_id=happening.user_id),
        "id": f"reply.{happening.message_id}",
        "timestamp": str(int(happening.at.timestamp())),
        "type": "text",
        "text": {"body": happening.text},
        "context": {"id": happening.message_id},
    }


def _contact(happening: Happening) -> dict[str, Any]:
    return {**_named(wa_id=happening.number, user_id=happening.user_id), "profile": {"name": ""}}


def _named(**ids: str) -> dict[str, str]:
    return {name: value for name, value in ids.items() if value}
