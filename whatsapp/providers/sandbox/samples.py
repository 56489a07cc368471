"""The sandbox's templates: in both languages, with every kind of variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from whatsapp.providers.base import RemoteTemplate


def _template(name: str, language: str, category: str, parameter_format: str, *parts: dict[str, Any]) -> RemoteTemplate:
    return RemoteTemplate(
        external_id=f"sandbox-{name}-{language}",
        name=name,
        language=language,
        category=category,
        status="APPROVED",
        parameter_format=parameter_format,
        quality="GREEN",
        components=parts,
    )


def _body(text: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text}


def _stop_button(text: str) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": text}]}


TEMPLATES: Sequence[RemoteTemplate] = (
    _template(
        "spring_sale",
        "en_US",
        "MARKETING",
        "NAMED",
        _body("Hi {{first_name}}, everything for your garden is 20 % off until {{until}}."),
        {"type": "FOOTER", "text": "Reply STOP to get no more messages"},
        _stop_button("STOP"),
    ),
    _template(
        "spring_sale",
        "he",
        "MARKETING",
        "NAMED",
        _body("שלום {{first_name}}, כל מוצרי הגינה ב־20% הנחה עד {{until}}."),
        {"type": "FOOTER", "text": "להסרה השיבו: הסר"},
        _stop_button("הסר"),
    ),
    _template("appointment_reminder", "en_US", "UTILITY", "POSITIONAL", _body("Hello {{1}}, see you on {{2}}.")),
    _template("appointment_reminder", "he", "UTILITY", "POSITIONAL", _body("שלום {{1}}, נתראה ב{{2}}.")),
    _template(
        "order_shipped",
        "en_US",
        "UTILITY",
        "POSITIONAL",
        {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"},
        _body("{{1}}, your order is on its way."),
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Track", "url": "https://example.com/track/{{1}}"}]},
    ),
)
