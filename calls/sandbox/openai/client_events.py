"""Reading what a client sends to the Realtime API, as strictly as OpenAI does: by the `openai` package's own types."""

from __future__ import annotations

import json
from typing import Any, cast, get_args

from openai.types.realtime import RealtimeClientEvent
from pydantic import BaseModel, ValidationError

WireEvent = dict[str, Any]
"""A protocol event as it travels: the JSON object that OpenAI's reference describes."""

_MODELS: dict[str, type[BaseModel]] = {
    get_args(model.model_fields["type"].annotation)[0]: model
    for model in cast("tuple[type[BaseModel], ...]", get_args(get_args(RealtimeClientEvent)[0]))
}
_MAX_METADATA = 16


class Rejected(Exception):
    """A client event was refused; the `error` event's fields."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        error_type: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.code, self.param, self.error_type = code, param, error_type

    def event(self, event_id: str | None = None) -> WireEvent:
        """Returns the `error` event for the client event with this id."""
        about = {"message": str(self), "param": self.param, "event_id": event_id}
        return {"type": "error", "error": {"type": self.error_type, "code": self.code, **about}}


def parse(text: str | bytes) -> WireEvent:
    """Returns the JSON object in a frame. Raises `Rejected` for anything else."""
    try:
        event = json.loads(text)
    except ValueError as error:
        raise Rejected(f"Could not parse JSON: {error}", code="invalid_json") from error
    if not isinstance(event, dict):
        raise Rejected("An event must be a JSON object.", code="invalid_event")
    return event


def check(event: WireEvent) -> None:
    """Raises `Rejected` unless this is a valid client event."""
    kind = event.get("type")
    model = _MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        known = ", ".join(f"'{name}'" for name in sorted(_MODELS))
        message = f"Invalid value: '{kind}'. Supported values are: {known}."
        raise Rejected(message, code="invalid_value", param="type")
    try:
        parsed = model.model_validate(event)
    except ValidationError as error:
        raise _invalid(error) from error
    if unknown := _unknown_field(parsed):
        raise Rejected(f"Unknown parameter: '{unknown}'.", code="unknown_parameter", param=unknown)
    _check_metadata(event)


def _invalid(error: ValidationError) -> Rejected:
    first = error.errors(include_url=False)[0]
    # pydantic names the tried member of a union by its class; the wire's path has only field names.
    path = ".".join(str(part) for part in first["loc"] if str(part).isdigit() or str(part).islower())
    if first["type"] == "missing":
        return Rejected(f"Missing required parameter: '{path}'.", code="missing_required_parameter", param=path)
    return Rejected(f"Invalid value for '{path}': {first['msg']}.", code="invalid_value", param=path)


def _unknown_field(value: object, path: str = "") -> str:
    """Returns the path of the first field that the package's types don't know; empty if there is none."""
    if isinstance(value, BaseModel):
        if value.model_extra:
            return f"{path}{next(iter(value.model_extra))}"
        children = ((f"{path}{name}.", getattr(value, name)) for name in value.model_fields_set)
    elif isinstance(value, list):
        children = ((f"{path}{index}.", item) for index, item in enumerate(value))
    else:
        return ""
    return next((found for name, child in children if (found := _unknown_field(child, name))), "")


def _check_metadata(event: WireEvent) -> None:
    metadata = (event.get("response") or {}).get("metadata") or {}
    if len(metadata) > _MAX_METADATA:
        counts = f"Expected at most {_MAX_METADATA}, got {len(metadata)}."
        message = f"Invalid 'response.metadata': too many properties. {counts}"
        raise Rejected(message, code="object_above_max_properties", param="response.metadata")
