"""A template as a person writes it: what WhatsApp would refuse in it, and the components of Meta's API. Pure.

The rules are Meta's (Templates: components, guidelines and common rejection reasons) as far as they can be told before
its reviewers read the text. Each problem names its field, so that it is shown there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Any
from urllib.parse import urlsplit

from whatsapp.template_variables import BODY_LIMIT, PLACEHOLDER

NAME_LIMIT, HEADER_LIMIT, FOOTER_LIMIT, BUTTON_LIMIT, URL_LIMIT = 512, 60, 60, 25, 2000
MOST_REPLIES = 3
WORDS_PER_VARIABLE = 2
"""The body needs more than so many words for each variable, besides them (Meta: error 2388293)."""
_NAMED = re.compile(r"[a-z_][a-z0-9_]*")
_TOUCHING = re.compile(r"\}\}\s*\{\{")
_MARKS = re.compile(r"[*_~`]")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d]")
_MANY_LINES = re.compile(r"\n[ \t]*\n[ \t]*\n")


class Fault(StrEnum):
    """What WhatsApp would refuse."""

    EMPTY = auto()
    TOO_LONG = auto()
    HAS_VARIABLE = auto()
    HAS_NEWLINE = auto()
    HAS_EMOJI = auto()
    HAS_MARKS = auto()
    BRACES = auto()  # braces that are no variable
    MIXED = auto()  # numbers and names
    GAP = auto()  # numbers that don't go 1, 2, 3
    AT_EDGE = auto()  # a variable begins or ends the text
    TOUCHING = auto()  # two variables with nothing between them
    FEW_WORDS = auto()
    MANY_LINES = auto()
    NO_SAMPLE = auto()
    TWICE = auto()  # two buttons with one text
    NO_LINK = auto()
    VARIABLE_IN_LINK = auto()  # anywhere but at its end
    NO_TEXT = auto()  # a link without the text of its button


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of one field; `detail` is a limit or a variable's name."""

    field: str
    fault: Fault
    detail: str = ""


@dataclass(frozen=True, slots=True)
class WrittenTemplate:
    """What a person wrote. `samples`: by variable. `url` may end with {{1}}; `url_sample` is then a whole address."""

    name: str
    language: str
    category: str
    body: str
    header: str = ""
    footer: str = ""
    replies: Sequence[str] = ()
    url_text: str = ""
    url: str = ""
    url_sample: str = ""
    samples: Mapping[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> list[str]:
        """Returns the body's variables, each once, in their order."""
        return list(dict.fromkeys(PLACEHOLDER.findall(self.body)))

    @property
    def parameter_format(self) -> str:
        """Returns NAMED or POSITIONAL, as Meta calls it."""
        return "NAMED" if any(not name.isdigit() for name in self.variables) else "POSITIONAL"


def name_from(written: str) -> str:
    """Returns the nearest name that WhatsApp takes: small letters, digits and underscores; "" if nothing remains."""
    return re.sub(r"[^a-z0-9]+", "_", written.strip().lower()).strip("_")


def problems(template: WrittenTemplate) -> list[Problem]:
    """Returns everything that WhatsApp would refuse, field by field."""
    return [
        *_of_line("name", template.name, NAME_LIMIT, needed=True),
        *_of_line("header", template.header, HEADER_LIMIT, plain=True),
        *_of_body(template),
        *_of_line("footer", template.footer, FOOTER_LIMIT),
        *_of_replies(template.replies),
        *_of_link(template),
    ]


def _of_line(name: str, text: str, limit: int, *, needed: bool = False, plain: bool = False) -> Iterator[Problem]:
    if needed and not text:
        yield Problem(name, Fault.EMPTY)
    if len(text) > limit:
        yield Problem(name, Fault.TOO_LONG, str(limit))
    if "{{" in text or "}}" in text:
        yield Problem(name, Fault.HAS_VARIABLE)
    if "\n" in text:
        yield Problem(name, Fault.HAS_NEWLINE)
    if plain and _EMOJI.search(text):
        yield Problem(name, Fault.HAS_EMOJI)
    if plain and _MARKS.search(text):
        yield Problem(name, Fault.HAS_MARKS)


def _of_body(template: WrittenTemplate) -> Iterator[Problem]:
    text, names = template.body.strip(), template.variables
    if not text:
        yield Problem("body", Fault.EMPTY)
        return
    if len(text) > BODY_LIMIT:
        yield Problem("body", Fault.TOO_LONG, str(BODY_LIMIT))
    if _MANY_LINES.search(text):
        yield Problem("body", Fault.MANY_LINES)
    if names and len(PLACEHOLDER.sub(" ", text).split()) <= WORDS_PER_VARIABLE * len(names):
        yield Problem("body", Fault.FEW_WORDS, str(WORDS_PER_VARIABLE * len(names) + 1))
    yield from _of_variables(template, text, names)
    for name in names:
        if not template.samples.get(name, "").strip():
            yield Problem("samples", Fault.NO_SAMPLE, name)


def _of_variables(template: WrittenTemplate, text: str, names: Sequence[str]) -> Iterator[Problem]:
    rest = PLACEHOLDER.sub(" ", text)
    if "{{" in rest or "}}" in rest or any(not _is_variable(name) for name in names):
        yield Problem("body", Fault.BRACES)
    elif len({name.isdigit() for name in names}) > 1:
        yield Problem("body", Fault.MIXED)
    elif template.parameter_format == "POSITIONAL" and sorted(map(int, names)) != list(range(1, len(names) + 1)):
        yield Problem("body", Fault.GAP)
    if text.startswith("{{") or text.endswith("}}"):
        yield Problem("body", Fault.AT_EDGE)
    if _TOUCHING.search(text):
        yield Problem("body", Fault.TOUCHING)


def _is_variable(name: str) -> bool:
    return name.isdigit() or bool(_NAMED.fullmatch(name))


def _of_replies(replies: Sequence[str]) -> Iterator[Problem]:
    for number, text in enumerate(replies, start=1):
        yield from _of_line(f"reply_{number}", text, BUTTON_LIMIT, plain=True)
        if text and text in replies[: number - 1]:
            yield Problem(f"reply_{number}", Fault.TWICE)


def _of_link(template: WrittenTemplate) -> Iterator[Problem]:
    yield from _of_line("url_text", template.url_text, BUTTON_LIMIT, plain=True)
    if template.url and not template.url_text:
        yield Problem("url_text", Fault.NO_TEXT)
    if template.url_text in template.replies and template.url_text:
        yield Problem("url_text", Fault.TWICE)
    if not template.url:
        if template.url_text:
            yield Problem("url", Fault.NO_LINK)
        return
    fixed = template.url.removesuffix("{{1}}")
    if len(template.url) > URL_LIMIT:
        yield Problem("url", Fault.TOO_LONG, str(URL_LIMIT))
    if not _is_address(fixed):
        yield Problem("url", Fault.NO_LINK)
    if "{{" in fixed or "}}" in fixed:
        yield Problem("url", Fault.VARIABLE_IN_LINK)
    if fixed != template.url and not (template.url_sample.startswith(fixed) and len(template.url_sample) > len(fixed)):
        yield Problem("url_sample", Fault.NO_SAMPLE, fixed)


def _is_address(written: str) -> bool:
    try:
        parts = urlsplit(written)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and not re.search(r"\s", written)


def components(template: WrittenTemplate) -> list[dict[str, Any]]:
    """Returns the components as Meta takes them, with samples for its reviewers."""
    body: dict[str, Any] = {"type": "BODY", "text": template.body.strip()}
    samples = [(name, template.samples.get(name, "")) for name in template.variables]
    if samples and template.parameter_format == "NAMED":
        named = [{"param_name": name, "example": sample} for name, sample in samples]
        body["example"] = {"body_text_named_params": named}
    elif samples:
        body["example"] = {"body_text": [[sample for _name, sample in sorted(samples, key=lambda one: int(one[0]))]]}
    header = [{"type": "HEADER", "format": "TEXT", "text": template.header}] if template.header else []
    footer = [{"type": "FOOTER", "text": template.footer}] if template.footer else []
    buttons: list[dict[str, Any]] = [{"type": "QUICK_REPLY", "text": text} for text in template.replies if text]
    if template.url:
        link: dict[str, Any] = {"type": "URL", "text": template.url_text, "url": template.url}
        buttons.append(link | ({"example": [template.url_sample]} if template.url_sample else {}))
    return [*header, body, *footer, *([{"type": "BUTTONS", "buttons": buttons}] if buttons else [])]


def written_from(parts: Sequence[Mapping[str, Any]], *, name: str, language: str, category: str) -> WrittenTemplate:
    """Returns what a person would have written to get these components; parts that can't be written are left out."""
    found: dict[str, Any] = {"body": ""}
    for part in parts:
        match str(part.get("type", "")).upper():
            case "HEADER" if str(part.get("format", "TEXT")).upper() == "TEXT":
                found["header"] = str(part.get("text", ""))
            case "BODY":
                found["body"] = str(part.get("text", ""))
                found["samples"] = _samples(part.get("example") or {})
            case "FOOTER":
                found["footer"] = str(part.get("text", ""))
            case "BUTTONS":
                found |= _buttons(part.get("buttons") or ())
    return WrittenTemplate(name=name, language=language, category=category, **found)


def _samples(example: Mapping[str, Any]) -> dict[str, str]:
    named = {
        str(one.get("param_name")): str(one.get("example", "")) for one in example.get("body_text_named_params") or ()
    }
    rows = example.get("body_text") or [[]]
    values = rows[0] if rows and isinstance(rows[0], list) else rows
    return named or {str(number): str(value) for number, value in enumerate(values, start=1)}


def _buttons(buttons: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    replies = [str(one.get("text", "")) for one in buttons if str(one.get("type", "")).upper() == "QUICK_REPLY"]
    found: dict[str, Any] = {"replies": tuple(replies[:MOST_REPLIES])}
    for one in buttons:
        if str(one.get("type", "")).upper() == "URL":
            sample = one.get("example") or [""]
            found |= {"url_text": str(one.get("text", "")), "url": str(one.get("url", ""))}
            found["url_sample"] = str(sample[0] if isinstance(sample, list) else sample)
    return found
