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
    """Something that happened to a message. `what`: a `ReportedStatus`, or one of `WRITTEN`, which people do.

    `own_id`: the id of the person's message, so that an edit or a revoke can name it in `changes`. `address` is the
    one written to; `wa_id` (digits) the one by which WhatsApp knows the person, if not the usual one for that number;
    `user_id` is their business-scoped id, which stands alone if `wa_id` is "-". `is_standby`: another app has the
    conversation, so Meta tells it in the field `standby`.
    """

    address: str
    message_id: str
    tracker: str
    what: str
    at: datetime
    error_code: int = 0
    text: str = ""
    own_id: str = ""
    changes: str = ""
    wa_id: str = ""
    user_id: str = ""
    is_standby: bool = False

    @property
    def number(self) -> str:
        """Returns the person's number in WhatsApp, in digits; "" where only the user id is told."""
        return "" if self.wa_id == "-" else self.wa_id or wa_id_of(self.address)


WRITTEN = frozenset({"reply", "button", "edit", "revoke", "reaction", "unsupported", "system", "image", "audio"})
_KINDS = {"reply": "text"}


def notice(
    number_id: str, account_id: str, happenings: Sequence[Happening], *, field: str = "messages"
) -> dict[str, Any]:
    """Returns one webhook with all of these. In the field `standby` another app has the conversation."""
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number_id, "phone_number_id": number_id},
    }
    statuses = [_status(happening) for happening in happenings if happening.what not in WRITTEN]
    messages = [_message(happening) for happening in happenings if happening.what in WRITTEN]
    if statuses:
        value["statuses"] = statuses
    if messages:
        value["messages"] = messages
        value["contacts"] = [_contact(happening) for happening in happenings if happening.what in WRITTEN]
    return envelope(account_id, field, value)


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
    kind = _KINDS.get(happening.what, happening.what)
    message: dict[str, Any] = {
        **_named(**{"from": happening.number}, from_user_id=happening.user_id),
        "id": happening.own_id or f"reply.{happening.message_id}",
        "timestamp": str(int(happening.at.timestamp())),
        "type": kind,
        kind: _part(happening),
    }
    if happening.what in {"reply", "button", "image", "audio"} and happening.message_id:
        message["context"] = {"id": happening.message_id}
    if happening.what == "unsupported":
        message["errors"] = [{"code": 131051, "title": "Message type unknown"}]
    return message


def _part(happening: Happening) -> dict[str, Any]:
    """Returns the part of a message that bears the name of its kind."""
    text = happening.text
    parts: dict[str, dict[str, Any]] = {
        "reply": {"body": text},
        "button": {"text": text, "payload": text},
        "image": {"id": "sandbox-picture", "mime_type": "image/jpeg", "caption": text},
        "audio": {"id": "sandbox-voice", "mime_type": "audio/ogg; codecs=opus", "voice": True},
        "edit": {"original_message_id": happening.changes, "message": {"type": "text", "text": {"body": text}}},
        "revoke": {"original_message_id": happening.changes},
        "reaction": {"message_id": happening.message_id, "emoji": text},
        "unsupported": {"type": "poll_creation"},
        "system": {"body": text, "type": "customer_identity_changed"},
    }
    return parts[happening.what]


def _contact(happening: Happening) -> dict[str, Any]:
    return {**_named(wa_id=happening.number, user_id=happening.user_id), "profile": {"name": ""}}


def _named(**ids: str) -> dict[str, str]:
    return {name: value for name, value in ids.items() if value}
