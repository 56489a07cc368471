"""The bytes of what the assistant says, by item, until they were heard or are dropped."""

from __future__ import annotations

import base64
import binascii
import logging

from calls import figures
from calls.audio import ulaw
from calls.audio.waiting_tone import waiting_tone
from calls.conversation.assistant import CACHED_GREETING
from calls.conversation.commands import Play
from calls.conversation.patience import WAITING_TONE

logger = logging.getLogger(__name__)


class AssistantAudio:
    """The audio of one call's items, as µ-law. The cached greeting is there from the start."""

    def __init__(self, greeting: bytes) -> None:
        self._items: dict[str, bytearray | bytes] = {CACHED_GREETING: greeting}

    def greeting_levels(self) -> tuple[int, ...]:
        """Returns the energy of the cached greeting as in `StreamOpened`."""
        return ulaw.levels(bytes(self._items[CACHED_GREETING]))

    def add(self, item_id: str, payload: str) -> bytes:
        """Keep a piece of an item, base64. Returns its bytes: none if it can't be decoded."""
        audio = _decoded(payload)
        if audio:
            store = self._items.setdefault(item_id, bytearray())
            if isinstance(store, bytearray):
                store += audio
        return audio

    def piece(self, command: Play) -> bytes:
        """Returns what a command wants to be played."""
        is_tone = command.item_id.startswith(WAITING_TONE)
        if is_tone and command.start == 0:
            figures.tones.inc()
        return bytes((waiting_tone() if is_tone else self._items[command.item_id])[command.start : command.end])

    def drop(self, item_id: str) -> None:
        """Forget an item."""
        self._items.pop(item_id, None)


def _decoded(payload: str) -> bytes:
    """Returns the model's audio. Invalid base64 counts as no audio and does not end the session."""
    try:
        return base64.b64decode(payload)
    except (binascii.Error, ValueError):
        logger.warning("OpenAI sent audio that isn't base64")
        return b""
