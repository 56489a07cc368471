"""Twilio's content templates in the shape of Meta's components."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from whatsapp.providers.base import JsonObject, RemoteTemplate
from whatsapp.template_variables import PLACEHOLDER


def read_template(entry: JsonObject) -> RemoteTemplate:
    """Returns one entry of `ContentAndApprovals`. A variable has one name throughout, so one BODY lists them all."""
    approval = entry.get("approval_requests") or {}
    text = body_text(entry.get("types") or {})
    return RemoteTemplate(
        external_id=str(entry.get("sid", "")),
        name=str(approval.get("name") or entry.get("friendly_name", "")),
        language=str(entry.get("language", "")),
        category=str(approval.get("category") or "UTILITY").upper(),
        status=str(approval.get("status") or "PENDING").upper(),
        parameter_format="NAMED" if any(not name.isdigit() for name in PLACEHOLDER.findall(text)) else "POSITIONAL",
        quality="UNKNOWN",
        components=[{"type": "BODY", "text": text}],
        quick_replies=list(_quick_replies(entry.get("types") or {})),
    )


def _quick_replies(types: JsonObject) -> Iterator[str]:
    """Yields the titles of the buttons that answer: all of `twilio/quick-reply`, those of this type of a card."""
    for name, content in types.items():
        for action in content.get("actions") or () if isinstance(content, dict) else ():
            if name == "twilio/quick-reply" or action.get("type") == "QUICK_REPLY":
                yield str(action.get("title", ""))


def body_text(types: JsonObject) -> str:
    """Returns the text of a content, then each variable that occurs elsewhere (in a button or a picture's address)."""
    content: JsonObject = next(iter(types.values()), {})
    body = str(content.get("body") or content.get("title") or "")
    elsewhere = set(PLACEHOLDER.findall(json.dumps(list(_texts(content))))) - set(PLACEHOLDER.findall(body))
    return body + "".join(f"\n{{{{{name}}}}}" for name in sorted(elsewhere))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
