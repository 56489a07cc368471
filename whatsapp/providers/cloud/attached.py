"""Files, places and contact cards in a message of one of Meta's webhooks. Pure.

Sources: Meta's pages of the `messages` webhook for image, audio, video, document, sticker, location and contacts. In
webhooks `sha256` is base64; the answer to `GET /MEDIA_ID` has it in hex.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from whatsapp.providers.cloud.messages import part
from whatsapp.providers.events import MEDIA, Attached, Card, Place
from whatsapp.providers.places import place_at

MOST_CARDS = 20
"""Contacts of one message that are shown."""
MOST_PHONES = 5
LONGEST = 240
_HEX = re.compile("[0-9a-f]{64}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")


def media_in(kind: str, one: Mapping[str, Any]) -> tuple[Attached, ...]:
    """Returns the file of a message of this kind; none if it has none, or one that can't be asked for."""
    told = part(one, kind)
    media_id = str(told.get("id") or "")
    if kind not in MEDIA or not _ID.fullmatch(media_id):
        return ()
    return (
        Attached(
            reference=media_id,
            content_type=str(told.get("mime_type") or "")[:120],
            sha256=hex_of(told.get("sha256")),
            file_name=str(told.get("filename") or "")[:LONGEST],
            is_voice=told.get("voice") is True,
        ),
    )


def place_in(one: Mapping[str, Any]) -> Place | None:
    """Returns the place of a message of kind `location`; None if it isn't on the map."""
    told = part(one, "location")
    return place_at(told.get("latitude"), told.get("longitude"), told.get("name"), told.get("address"))


def cards_in(one: Mapping[str, Any]) -> tuple[Card, ...]:
    """Returns the cards of a message of kind `contacts`."""
    listed = one.get("contacts")
    cards = listed[:MOST_CARDS] if isinstance(listed, list) else []
    return tuple(found for card in cards if isinstance(card, Mapping) and (found := _card(card)))


def _card(told: Mapping[str, Any]) -> Card | None:
    listed = told.get("phones")
    phones = [each for each in listed[:MOST_PHONES] if isinstance(each, Mapping)] if isinstance(listed, list) else []
    numbers = tuple(str(each.get("phone") or each.get("wa_id") or "")[:40] for each in phones)
    name = str(part(told, "name").get("formatted_name") or "")[:LONGEST]
    return Card(name, tuple(filter(None, numbers))) if name or any(numbers) else None


def hex_of(told: object) -> str:
    """Returns a SHA-256 in hex, whether it was written in hex or in base64; "" for anything else."""
    written = str(told or "").strip()
    if _HEX.fullmatch(written.lower()):
        return written.lower()
    try:
        raw = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if len(raw) == 32 else ""
