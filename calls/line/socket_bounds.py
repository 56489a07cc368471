"""How much may come over a media stream's socket, whichever library reads it. `stream.py` bounds the messages."""

from __future__ import annotations

from typing import Final

LARGEST_AT_FIRST: Final = 8_192
"""Bytes of a message before the socket is let in. Twilio's `start` has about 600."""
LARGEST: Final = 131_072
"""Bytes of a message afterwards. The stream drops those of half the size; larger ones close the socket."""
FRAMES_AT_FIRST: Final = 10
"""Twilio sends two messages. There may be pings between them."""
FRAMES_AT_ONCE: Final = 4_000
FRAMES_PER_S: Final = 250
"""A little more than the messages that `stream.py` allows: there, a flood ends the call with a word."""
SEND_BUFFER: Final = 65_536
"""Bytes in the kernel. Its own choice grows to megabytes: minutes of speech that the other end has not taken."""
STUCK_S: Final = 5.0
"""A socket that takes nothing for so long is dead."""


class Frames:
    """Counts the frames of one socket. They cost the event loop as much as messages do, even if they are empty."""

    def __init__(self) -> None:
        self._count = 0
        self._let_in_at: float | None = None

    def let_in(self, now: float) -> None:
        """Allow what a running call needs: the socket has shown that it may speak."""
        self._count = 0
        self._let_in_at = now

    @property
    def is_let_in(self) -> bool:
        """Tell whether `let_in` was called."""
        return self._let_in_at is not None

    @property
    def largest(self) -> int:
        """Returns how many bytes a message may have."""
        return LARGEST if self.is_let_in else LARGEST_AT_FIRST

    def is_too_many(self, now: float) -> bool:
        """Count one more frame. Returns whether there are too many now."""
        self._count += 1
        if self._let_in_at is None:
            return self._count > FRAMES_AT_FIRST
        return self._count > FRAMES_AT_ONCE + FRAMES_PER_S * (now - self._let_in_at)
