"""The JSON of requests to Meta's Cloud API."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import orjson

from whatsapp.providers.base import Message, Template
from whatsapp.template_variables import MEDIA_KINDS, Place, TemplateVariable, ValueKind


def message_body(message: Message) -> bytes:
    """Returns the body of a template message. The address keeps its plus: without it Meta guesses a country code."""
    body = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to" if message.is_phone else "recipient": message.address,
        "type": "template",
        "biz_opaque_callback_data": str(message.attempt_id),
        "template": {
            "name": message.template.name,
            "language": {"code": message.template.language},
            "components": components(message.template, message.params),
        },
    }
    return _encode(body)


def text_body(to: str, text: str, tracker: uuid.UUID | None = None) -> bytes:
    """Returns the body of a free text to a phone number or a user id."""
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to" if to.startswith("+") else "recipient": to,
        "type": "text",
        "text": {"preview_url": False, "body": text},
    }
    if tracker:
        body["biz_opaque_callback_data"] = str(tracker)
    return _encode(body)


def components(template: Template, params: Mapping[str, str]) -> list[dict[str, Any]]:
    """Returns the values of one message, in the structure that Meta expects."""
    named = template.parameter_format == "NAMED"
    header = [v for v in template.variables if v.place is Place.HEADER]
    body = [v for v in template.variables if v.place is Place.BODY]
    filled: list[dict[str, Any]] = []
    for kind, variables in (("header", header), ("body", body)):
        if variables:
            parameters = [_parameter(variable, params[variable.key], named=named) for variable in variables]
            filled.append({"type": kind, "parameters": parameters})
    filled += [_button(v, params[v.key]) for v in template.variables if v.place is Place.BUTTON]
    return filled


def _parameter(variable: TemplateVariable, value: str, *, named: bool) -> dict[str, Any]:
    if variable.kind in MEDIA_KINDS:
        return {"type": variable.kind.value, variable.kind.value: {"link" if "://" in value else "id": value}}
    if named:
        return {"type": "text", "parameter_name": variable.name, "text": value}
    return {"type": "text", "text": value}


def _button(variable: TemplateVariable, value: str) -> dict[str, Any]:
    if variable.kind is ValueKind.COUPON:
        sub_type, parameter = "copy_code", {"type": "coupon_code", "coupon_code": value}
    else:
        sub_type, parameter = "url", {"type": "text", "text": value}
    return {"type": "button", "sub_type": sub_type, "index": str(variable.button_index), "parameters": [parameter]}


def _encode(body: Mapping[str, Any]) -> bytes:
    return orjson.dumps(body)
