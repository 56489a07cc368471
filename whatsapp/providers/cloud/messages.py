"""What a message in one of Meta's webhooks says, by its kind. Pure.

Sources: Meta's pages of the `messages` webhook for text, button, interactive, reaction, edit and revoke. An edit holds
the whole new message: `{"original_message_id": …, "message": {"type": "text", "text": {"body": …}}}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whatsapp.providers.events import EDIT


@dataclass(frozen=True, slots=True)
class Said:
    """The text, the payload of the button that was pressed, the message that is answered, and the one that changes."""

    text: str = ""
    button_payload: str = ""
    answers_message_id: str = ""
    changes_message_id: str = ""


def said_in(kind: str, one: Mapping[str, Any]) -> Said:
    """Returns what a message of this kind says; parts that are missing or of an unknown shape are empty."""
    part = _mapping(one.get(kind))
    answers = str(_mapping(one.get("context")).get("id") or "")
    match kind:
        case "edit" | "revoke":
            changed = str(part.get("original_message_id") or "")
            new = _mapping(part.get("message"))
            text = said_in(str(new.get("type", "")), new).text if kind == EDIT else ""
            return Said(text, answers_message_id=answers, changes_message_id=changed)
        case "reaction":
            return Said(str(part.get("emoji") or ""), answers_message_id=str(part.get("message_id") or answers))
        case "text":
            return Said(str(part.get("body", "")), answers_message_id=answers)
        case "button":
            return Said(str(part.get("text", "")), str(part.get("payload", "")), answers)
        case "interactive":
            reply = _mapping(part.get("button_reply") or part.get("list_reply"))
            return Said(str(reply.get("title", "")), str(reply.get("id", "")), answers)
        case _:
            return Said(str(part.get("caption") or ""), answers_message_id=answers)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
