"""Which values a template needs, and under which column names. No database, no clock.

Both ends use the same list: audiences to know which columns a file needs, providers to place each value in a
request. Components have Meta's shape (`{"type": "BODY", "text": "Hi {{1}}"}`); a provider with another
shape translates its templates into it when it lists them (Twilio: everything with a variable as one BODY).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

BODY_LIMIT = 1024
"""Longest filled-in body in characters (Meta: Templates, components)."""
VALUE_LIMIT = 1024
URL_SUFFIX_LIMIT = 2000
COUPON_LIMIT = 20

PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_MEDIA = ("IMAGE", "VIDEO", "DOCUMENT")


class Place(StrEnum):
    """The part of a message that a value belongs to."""

    HEADER = "header"
    BODY = "body"
    BUTTON = "button"


class ValueKind(StrEnum):
    """What kind of value it is."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"
    URL_SUFFIX = "url_suffix"
    COUPON = "coupon"


MEDIA_KINDS = frozenset({ValueKind.IMAGE, ValueKind.VIDEO, ValueKind.DOCUMENT})


@dataclass(frozen=True, slots=True)
class TemplateVariable:
    """One value that a template needs. `key` names it in files and in `Recipient.params`.

    `key`: the variable's own name (`first_name`, or `1` for the body's first), `header_1` for a positional header,
    `header_image` (`_video`, `_document`) for a media link or id, `button_1` for the first button of the template.
    `name` is the placeholder's own text; `button_index` counts from 0, as providers do; `base` is the part of a
    button's link before the variable.
    """

    key: str
    place: Place
    kind: ValueKind
    name: str = ""
    button_index: int | None = None
    base: str = ""

    @property
    def limit(self) -> int:
        """Longest value in characters."""
        if self.kind is ValueKind.COUPON:
            return COUPON_LIMIT
        return VALUE_LIMIT if self.kind is ValueKind.TEXT else URL_SUFFIX_LIMIT


class UnsupportedTemplate(ValueError):
    """The template has a part that broadcasts can't fill. `part` is the provider's word for it."""

    def __init__(self, part: str) -> None:
        self.part = part or "?"
        super().__init__(
            _("Templates with %(part)s can't be broadcast: nothing here can fill it. Choose another one.")
            % {"part": words_for_part(self.part)}
        )


def variables_of(components: Sequence[Mapping[str, Any]], parameter_format: str) -> tuple[TemplateVariable, ...]:
    """Returns the variables of a template: header first, then body, then buttons. Raises `UnsupportedTemplate`."""
    found: dict[tuple[Place, str], TemplateVariable] = {}
    for component in components:
        for variable in _of_component(component, named=parameter_format == "NAMED"):
            found.setdefault((variable.place, variable.key), variable)
    order = list(Place)
    return tuple(sorted(found.values(), key=lambda variable: order.index(variable.place)))


def unfillable_part(components: Sequence[Mapping[str, Any]]) -> str:
    """Returns the provider's word for a part of the template that broadcasts can't fill; "" if they can fill it."""
    try:
        variables_of(components, "")
    except UnsupportedTemplate as error:
        return error.part
    return ""


def words_for_part(part: str) -> str:
    """Returns what the provider's word for a part of a template means."""
    said = {
        "CAROUSEL": _("a carousel of cards"),
        "CATALOG": _("a button that opens a catalogue"),
        "FLOW": _("a form (flow)"),
        "LIMITED_TIME_OFFER": _("an offer that runs out"),
        "LOCATION": _("a place on the map"),
        "MPM": _("a button that lists products"),
        "ORDER_DETAILS": _("a button that pays for an order"),
        "PRODUCT": _("a product"),
        "SPM": _("a button that shows a product"),
    }
    return said.get(part) or _("a part of type %(part)s") % {"part": part}


def body_text(components: Sequence[Mapping[str, Any]], params: Mapping[str, str]) -> str:
    """Returns the body as its recipient will read it; a missing value stays a placeholder."""
    for component in components:
        if _type(component) == "BODY":
            return PLACEHOLDER.sub(lambda found: params.get(found[1], found[0]), str(component.get("text", "")))
    return ""


def _type(component: Mapping[str, Any]) -> str:
    return str(component.get("type", "")).upper()


def _of_component(component: Mapping[str, Any], *, named: bool) -> Iterator[TemplateVariable]:
    match _type(component):
        case "HEADER":
            yield from _of_header(component, named=named)
        case "BODY":
            for name in _names(component.get("text")):
                yield TemplateVariable(name, Place.BODY, ValueKind.TEXT, name)
        case "BUTTONS":
            yield from _of_buttons(component.get("buttons") or ())
        case "FOOTER":
            return
        case other:
            raise UnsupportedTemplate(other)


def _of_header(component: Mapping[str, Any], *, named: bool) -> Iterator[TemplateVariable]:
    form = str(component.get("format", "TEXT")).upper()
    if form in _MEDIA:
        yield TemplateVariable(f"header_{form.lower()}", Place.HEADER, ValueKind(form.lower()))
    elif form == "TEXT":
        for name in _names(component.get("text")):
            yield TemplateVariable(name if named else f"header_{name}", Place.HEADER, ValueKind.TEXT, name)
    else:
        raise UnsupportedTemplate(form)


def _of_buttons(buttons: Sequence[Mapping[str, Any]]) -> Iterator[TemplateVariable]:
    for index, button in enumerate(buttons):
        kind = _type(button)
        key = f"button_{index + 1}"
        match kind:
            case "URL":
                link = str(button.get("url") or "")
                if variable := PLACEHOLDER.search(link):
                    base = link[: variable.start()]
                    yield TemplateVariable(key, Place.BUTTON, ValueKind.URL_SUFFIX, variable[1], index, base)
            case "COPY_CODE":
                yield TemplateVariable(key, Place.BUTTON, ValueKind.COUPON, "", index)
            case "OTP":  # Meta: the button carries the same code as the body's only variable
                yield TemplateVariable("1", Place.BUTTON, ValueKind.URL_SUFFIX, "1", index)
            case "QUICK_REPLY" | "PHONE_NUMBER":
                continue
            case other:  # it may need a value: without it every message would be refused
                raise UnsupportedTemplate(other)


def _names(text: object) -> list[str]:
    return PLACEHOLDER.findall(str(text or ""))
