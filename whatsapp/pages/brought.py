"""What messages bring beside their text: files, a place on the map, contact cards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from whatsapp.models import InboundMedia, InboundMessage
from whatsapp.pages.media_words import ShownMedia, shown

_WORDS_ONLY: Final = frozenset({"text", "button", "interactive", "reaction", "edit", "revoke", "system"})
_MAP: Final = "https://www.google.com/maps/search/"


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """A place, in the words of whoever sent it, and where a map shows it."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownCard:
    """Somebody's contact details."""

    name: str
    phones: Sequence[str]


def files_of(written: Sequence[InboundMessage]) -> Mapping[UUID, Sequence[ShownMedia]]:
    """Returns the files of messages by the message's id. It asks once, and not at all where there are only words."""
    asked = {message.pk: message for message in written if message.kind not in _WORDS_ONLY}
    found: dict[UUID, list[ShownMedia]] = defaultdict(list)
    if asked:
        for media in InboundMedia.objects.filter(message__in=list(asked)).order_by("message_id", "position"):
            media.message = asked[media.message_id]
            found[media.message_id].append(shown(media))
    return found


def place_of(payload: Mapping[str, Any]) -> ShownPlace | None:
    """Returns the place that a message holds."""
    told = payload.get("place")
    if not isinstance(told, Mapping):
        return None
    words = ", ".join(filter(None, (told.get("name"), told.get("address"))))
    query = urlencode({"api": 1, "query": f"{told['latitude']},{told['longitude']}"})
    return ShownPlace(words, f"{_MAP}?{query}")


def cards_of(payload: Mapping[str, Any]) -> tuple[ShownCard, ...]:
    """Returns the contact cards that a message holds."""
    return tuple(ShownCard(card["name"], card["phones"]) for card in payload.get("cards") or ())
