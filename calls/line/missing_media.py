"""A media stream that brings no audio, though its socket is open.

Twilio sends a piece of the caller's audio every 20 ms, in silence, too. Where it doesn't (some lines send nothing
while nobody speaks, others stall), OpenAI would wait for the end of a turn for ever: silence takes the place of what is
missing. It goes to OpenAI only: what is recorded and told by our own ears is what came. A stream that brings nothing
at all for half a minute is dead: the phone network has lost it, or its process.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Final

MISSING_AFTER_S: Final = 0.5
PIECE_S: Final = 0.1
DEAD_AFTER_S: Final = 30.0
SILENCE: Final = base64.b64encode(b"\xff" * round(8000 * PIECE_S)).decode()
"""A piece of µ-law silence, as OpenAI is sent audio."""


class MissingMedia:
    """Watches one stream from now on.

    `pad` is called with a piece of silence for every tenth of a second that is missing, `dead` once, when nothing has
    come for `DEAD_AFTER_S`.
    """

    def __init__(self, *, pad: Callable[[str], None], dead: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._pad = pad
        self._dead = dead
        self._audio_at = self._came_at = self._loop.time()
        self._timer = self._loop.call_later(MISSING_AFTER_S, self._look)

    def audio_came(self) -> None:
        """Note that audio came over the stream."""
        self._audio_at = self._came_at = self._loop.time()

    def came(self) -> None:
        """Note that something else came over it."""
        self._came_at = self._loop.time()

    def close(self) -> None:
        """Watch no longer."""
        self._timer.cancel()

    def _look(self) -> None:
        now, due_at = self._loop.time(), self._timer.when()
        if now >= self._came_at + DEAD_AFTER_S:
            self._dead()
            return
        missing_at = self._audio_at + MISSING_AFTER_S
        # A loop that was held up finds its timers first, and then the audio that has come meanwhile.
        if now >= missing_at and now - due_at < PIECE_S:
            self._pad(SILENCE)
        self._timer = self._loop.call_at(max(missing_at, now + PIECE_S), self._look)
