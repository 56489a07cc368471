"""Reading TwiML as Twilio does: the verbs of an answer in their order."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree


class BadTwiml(ValueError):
    """The answer is not TwiML (Twilio's error 12100); the caller would hear an application error."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb such as `<Say>`, `<Dial>` or `<Connect>`, with its attributes, text and nested nouns."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    nouns: tuple[Verb, ...] = ()


def verbs(document: str) -> list[Verb]:
    """Returns the verbs of a TwiML document. Raises `BadTwiml`."""
    try:
        root = ElementTree.fromstring(document)  # noqa: S314 - it comes from the server that is being tried
    except ElementTree.ParseError as error:
        raise BadTwiml(f"12100 Document parse failure: {error}") from error
    if root.tag != "Response":
        raise BadTwiml(f"12102 Content is not a Response: <{root.tag}>")
    return [_verb(element) for element in root]


def _verb(element: ElementTree.Element) -> Verb:
    return Verb(
        element.tag, dict(element.attrib), (element.text or "").strip(), tuple(_verb(child) for child in element)
    )
