"""How much of what a business knows is told at the start of every call; the rest is looked up.

OpenAI takes at most 16,384 tokens of instructions and tools together for a Realtime session (gpt-realtime; its
context is 32,000, which audio shares), and each answer reads all of them again. So a call is told what is asked most,
and its tool `look_up` finds the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from businesses.models import Business

OPENAIS_LIMIT: Final = 16_384
"""Tokens of instructions and tools."""
KNOWLEDGE_TOKENS: Final = 3_000
TITLES_TOKENS: Final = 400
"""Of subjects that are only named, so that the assistant knows what to look up."""


ROOM_FOR_TEXTS: Final = 13_000
"""For knowledge and the business's other texts together; the rest is for rules, hours, greeting and tools."""


class Entry(Protocol):
    """What is told of an entry."""

    title: str
    text: str


EntryT = TypeVar("EntryT", bound=Entry)


@dataclass(frozen=True, slots=True)
class Divided(Generic[EntryT]):
    """`told`: in full. `named`: only their titles. What is in neither is found all the same."""

    told: tuple[EntryT, ...]
    named: tuple[str, ...]


def tokens(text: str) -> int:
    """Returns about how many tokens a text takes, rather too many: a token for 4 ASCII characters, or for 2 others.

    OpenAI names four characters a token for English; of Hebrew its newer vocabularies take two to three. The exact
    number needs the vocabulary, a download of megabytes for a bound that is rough by nature.
    """
    plain = sum(letter.isascii() for letter in text)
    return -(-plain // 4) + -(-(len(text) - plain) // 2)


def room(business: Business) -> int:
    """Returns how many tokens of knowledge a call of this business is told: what its other long texts leave."""
    texts = (business.instructions, business.closed_instructions, business.opening_hours, business.directions)
    return max(0, min(KNOWLEDGE_TOKENS, ROOM_FOR_TEXTS - sum(map(tokens, texts))))


def divided(entries: Sequence[EntryT], *, most: int = KNOWLEDGE_TOKENS) -> Divided[EntryT]:
    """Returns what of these entries, in their order, is told within so many tokens.

    An entry that is too long is passed over, and shorter ones after it may still fit.
    """
    told: list[EntryT] = []
    left_out: list[EntryT] = []
    spent = 0
    for entry in entries:
        cost = tokens(as_told(entry))
        if spent + cost > most:
            left_out.append(entry)
            continue
        told.append(entry)
        spent += cost
    named, spent = [], 0
    for entry in left_out:
        spent += tokens(f"; {entry.title}")
        if spent > TITLES_TOKENS:
            break
        named.append(entry.title)
    return Divided(tuple(told), tuple(named))


def as_told(entry: Entry) -> str:
    """Returns an entry as the model is told it."""
    return f"- {entry.title.strip()}: {' '.join(entry.text.split())}\n"
