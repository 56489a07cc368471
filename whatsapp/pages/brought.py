"""What messages bring beside their text: files, a place on the map, contact cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import F, QuerySet

from whatsapp.models import InboundMedia, InboundMessage
from whatsapp.pages.media_words import ShownMedia, shown

_COLUMNS: Final = ("id", "position", "status", "problem", "content_type", "size", "file_name")
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


def with_files(messages: QuerySet[InboundMessage], most: int) -> list[InboundMessage]:
    """Returns messages of which `files_of` knows the files, from the newest `most` rows of both. It asks once.

    A message comes once for each of its files, which is nearly always one.
    """
    columns = {f"file_{name}": F(f"media__{name}") for name in _COLUMNS}
    found: dict[UUID, InboundMessage] = {}
    for row in messages.annotate(**columns)[:most]:
        values = {name: row.__dict__.pop(f"file_{name}") for name in _COLUMNS}
        message = found.setdefault(row.pk, row)
        files = message.__dict__.setdefault("files", [])
        if values["id"]:
            files.append(InboundMedia(**values, message=message, business_id=message.business_id))
    return list(found.values())


def files_of(message: InboundMessage) -> Sequence[ShownMedia]:
    """Returns the files of a message of `with_files`."""
    files: list[InboundMedia] = message.__dict__.get("files", [])
    return [shown(media) for media in sorted(files, key=lambda media: media.position)]


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
