"""A template as the WhatsApp bubble that its recipient will see. No database, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from whatsapp.template_variables import PLACEHOLDER


@dataclass(frozen=True, slots=True)
class Bubble:
    """The parts of a message, in the order in which they are shown. `media` is image, video, document or empty."""

    header: str = ""
    media: str = ""
    body: str = ""
    footer: str = ""
    buttons: tuple[str, ...] = ()


def bubble(components: Sequence[Mapping[str, Any]], params: Mapping[str, str], *, named: bool) -> Bubble:
    """Fill a template's components with values; a missing value stays a placeholder."""
    parts: dict[str, Any] = {}
    for component in components:
        match str(component.get("type", "")).upper():
            case "HEADER" if str(component.get("format", "TEXT")).upper() == "TEXT":
                prefix = "" if named else "header_"
                parts["header"] = _filled(component.get("text"), params, prefix)
            case "HEADER":
                parts["media"] = str(component.get("format", "")).lower()
            case "BODY":
                parts["body"] = _filled(component.get("text"), params, "")
            case "FOOTER":
                parts["footer"] = str(component.get("text", ""))
            case "BUTTONS":
                parts["buttons"] = tuple(str(each.get("text", "")) for each in component.get("buttons") or ())
    return Bubble(**parts)


def _filled(text: object, params: Mapping[str, str], prefix: str) -> str:
    return PLACEHOLDER.sub(lambda found: params.get(prefix + found[1]) or found[0], str(text or ""))
