"""Signed webhooks of Meta and Twilio: split, made rows of, and read.

The input is Meta's JSON, or Twilio's form. It may be refused as a whole (`ValueError`); a part of it that can't be read
is kept as it is for whoever looks for it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random
from urllib.parse import urlencode

from testing.fuzz.spoiling import spoilt, spoilt_bytes
from testing.twilio import message_form
from whatsapp.models import Provider
from whatsapp.providers.base import WebhookRequest
from whatsapp.providers.registry import provider_for
from whatsapp.webhooks.parcel_rows import as_json

CAME_AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
_METADATA = {"display_phone_number": "15550100000", "phone_number_id": "1055"}
_STATUS = {
    "id": "wamid.1", "status": "failed", "timestamp": "1750030073", "recipient_id": "972501230001",
    "errors": [{"code": 131049, "title": "Limited", "error_data": {"details": "x"}}],
    "pricing": {"billable": True, "category": "marketing"}, "biz_opaque_callback_data": "x",
    "conversation": {"id": "c", "origin": {"type": "marketing"}},
}  # fmt: skip
_MESSAGES = [
    {"id": "wamid.2", "from": "972501230001", "timestamp": "1750030073", "type": "text", "text": {"body": "STOP"}},
    {"id": "wamid.3", "from": "972501230001", "timestamp": "1750030073", "type": "image",
     "image": {"id": "77", "mime_type": "image/jpeg", "sha256": "x", "caption": "שלום"}},
    {"id": "wamid.4", "from": "972501230001", "timestamp": "1750030073", "type": "location",
     "location": {"latitude": 32.1, "longitude": 34.8, "name": "x", "address": "y"}},
    {"id": "wamid.5", "from": "972501230001", "timestamp": "1750030073", "type": "contacts",
     "contacts": [{"name": {"formatted_name": "Dana"}, "phones": [{"phone": "+972501230002", "wa_id": "1"}]}]},
    {"id": "wamid.6", "from_user_id": "IL.77", "timestamp": "1750030073", "type": "interactive",
     "interactive": {"type": "button_reply", "button_reply": {"id": "stop", "title": "Stop"}},
     "context": {"id": "wamid.1"}},
    {"id": "wamid.7", "from": "972501230001", "timestamp": "1750030073", "type": "reaction",
     "reaction": {"message_id": "wamid.1", "emoji": "👍"}},
]  # fmt: skip
_CONTACTS = [{"wa_id": "972501230001", "profile": {"name": "Dana"}}, {"user_id": "IL.77", "profile": {"name": "Noa"}}]
_VALUES = {
    "messages": {"metadata": _METADATA, "statuses": [_STATUS], "messages": _MESSAGES, "contacts": _CONTACTS},
    "user_preferences": {
        "metadata": _METADATA,
        "user_preferences": [{"wa_id": "972501230001", "category": "marketing_messages", "value": "stop",
                              "timestamp": 1750030073}],
    },
    "message_template_status_update": {
        "event": "REJECTED", "message_template_id": 12, "message_template_name": "x", "reason": "INCORRECT_CATEGORY",
        "message_template_language": "he",
    },
    "template_category_update": {
        "message_template_id": 12, "previous_category": "UTILITY", "new_category": "MARKETING",
    },
    "phone_number_quality_update": {
        "display_phone_number": "15550100000", "event": "DOWNGRADE", "current_limit": "TIER_1K",
    },
    "account_update": {"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"expiration": 1750030073}]},
}  # fmt: skip


def _notice(field: str) -> bytes:
    changes = [{"field": field, "value": _VALUES[field]}]
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "2077", "changes": changes}]}).encode()


_FORMS = (
    message_form("SM1", "STOP", who="+972501230001", to="+15550100000", account_sid="AC1", NumMedia="1",
                 MediaUrl0="https://api.twilio.com/x", MediaContentType0="image/jpeg", OptOutType="STOP"),
    message_form("SM2", "", who="+972501230001", to="+15550100000", account_sid="AC1", Latitude="32.1",
                 Longitude="34.8", MessageStatus="undelivered", ErrorCode="63016", ChannelStatusMessage="x"),
)  # fmt: skip
SEEDS = (*map(_notice, _VALUES), *(urlencode(form).encode() for form in _FORMS))


def spoil(data: bytes, random: Random) -> bytes:
    """Returns the notice with odd values in it, or the form with bytes changed."""
    return spoilt(data, random) if data[:1] == b"{" and random.randrange(5) else spoilt_bytes(data, random)


def try_bytes(data: bytes) -> None:
    """Take a webhook in, whoever it is said to be of. Raises what went wrong."""
    for name in (Provider.CLOUD, Provider.TWILIO):
        provider = provider_for(name)
        webhook = WebhookRequest(url="https://frontdesk.example/?a=x", headers={}, body=data)
        provider.verify(webhook, "a secret")
        try:
            parcels = provider.split(webhook)
        except ValueError:
            continue
        for row in json.loads(as_json(parcels, "own").encode()):
            assert len(row["key"]) <= 200
            json.dumps(row, allow_nan=False)
            assert not _has_nul(row), "PostgreSQL stores no NUL"
            try:
                provider.read(row["payload"], CAME_AT)
            except (KeyError, ValueError, TypeError, AttributeError):  # what `applying.py` keeps aside
                continue


def _has_nul(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(each) for pair in value.items() for each in pair)
    return any(map(_has_nul, value)) if isinstance(value, list) else "\0" in str(value)
