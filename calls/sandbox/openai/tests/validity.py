"""Checks server events against the `openai` package's own types."""

from __future__ import annotations

from typing import Any, cast, get_args

from openai.types.realtime import RealtimeServerEvent
from pydantic import BaseModel

_MODELS = {
    get_args(model.model_fields["type"].annotation)[0]: model
    for model in cast("tuple[type[BaseModel], ...]", get_args(get_args(RealtimeServerEvent)[0]))
}
# What OpenAI sends with every session and response, and the package leaves out of its types.
_UNTYPED = {"session.id", "session.object", "session.expires_at"}


def assert_valid(event: dict[str, Any]) -> None:
    """The event has a known type, every field that the type needs, and none that it doesn't know."""
    parsed = _MODELS[event["type"]].model_validate(event)
    assert set(_unknown(parsed)) <= _UNTYPED, event


def _unknown(value: object, path: str = "") -> list[str]:
    if isinstance(value, BaseModel):
        own = [f"{path}{name}" for name in value.model_extra or {}]
        return own + [
            each for name in value.model_fields_set for each in _unknown(getattr(value, name), f"{path}{name}.")
        ]
    if isinstance(value, list):
        return [each for item in value for each in _unknown(item, path)]
    return []
