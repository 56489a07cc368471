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
    said = part(one, kind)
    answers = str(part(one, "context").get("id") or "")
    match kind:
        case "edit" | "revoke":
            changed = str(said.get("original_message_id") or "")
            new = part(said, "message")
            text = said_in(str(new.get("type", "")), new).text if kind == EDIT else ""
            return Said(text, answers_message_id=answers, changes_message_id=changed)
        case "reaction":
            return Said(str(said.get("emoji") or ""), answers_message_id=str(said.get("message_id") or answers))
        case "text":
            return Said(str(said.get("body", "")), answers_message_id=answers)
        case "button":
            return Said(str(said.get("text", "")), str(said.get("payload", "")), answers)
        case "interactive":
            reply = part(said, "button_reply") or part(said, "list_reply")
            return Said(str(reply.get("title", "")), str(reply.get("id", "")), answers)
        case _:
            return Said(str(said.get("caption") or ""), answers_message_id=answers)


def part(one: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Returns a part of an update that is an object; an empty one if it is missing or something else."""
    found = one.get(name)
    return found if isinstance(found, Mapping) else {}
