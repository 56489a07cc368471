"""A business's short texts for answers, with the name of the person in place of a placeholder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from businesses.models import Business
from businesses.remembered import forget_remembered, remembered
from whatsapp.models import Contact, QuickReply

MOST_REPLIES = 100
KEPT_S = 60
_NAME = re.compile(r"\{\s*(?:name|שם)\s*\}", re.IGNORECASE)
_FIRST = re.compile(r"\{\s*(?:first name|first_name|שם פרטי)\s*\}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ready:
    """A quick reply with the values of one person."""

    id: UUID
    name: str
    text: str


def filled(text: str, name: str) -> str:
    """Returns the text with a person's name; without a known name the placeholder goes, with the space before it."""
    name = " ".join(name.split())
    for placeholder, value in ((_NAME, name), (_FIRST, name.partition(" ")[0])):
        # As pieces, and not as a pattern's replacement: a name may hold a backslash.
        pieces = placeholder.split(text)
        text = value.join(pieces if value else [*(piece.rstrip(" \t") for piece in pieces[:-1]), pieces[-1]])
    return text


def for_person(contact: Contact) -> list[Ready]:
    """Returns the business's quick replies, by name, filled for a person."""
    return [Ready(key, name, filled(text, contact.name)) for key, name, text in _texts(contact.business)]


def changed(business: Business) -> None:
    """Show what was just stored, and not what is remembered."""
    forget_remembered(_key(business))


def _texts(business: Business) -> list[tuple[UUID, str, str]]:
    def find() -> list[tuple[UUID, str, str]]:
        return list(QuickReply.objects.filter(business=business).values_list("pk", "name", "text")[:MOST_REPLIES])

    return remembered(_key(business), KEPT_S, find)


def _key(business: Business) -> str:
    return f"quick-replies-{business.pk.hex}"
