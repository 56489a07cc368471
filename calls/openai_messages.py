"""OpenAI's Realtime messages, read without trusting their shape. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def object_in(value: object) -> dict[str, Any]:
    """Returns a JSON object as it is, and an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def error_code(message: Mapping[str, Any]) -> str:
    """Returns the code of the `error` in a message (an `error` event, or the details of a response)."""
    error = object_in(message.get("error"))
    return str(error.get("code") or error.get("type") or "unknown_error")


def error_text(message: Mapping[str, Any]) -> str:
    """Returns what OpenAI says about the `error` in a message. It may quote what was sent."""
    return str(object_in(message.get("error")).get("message") or "")
