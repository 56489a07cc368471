"""The keys that a caller presses (DTMF): gathered until a pause, then told to the model in one piece and kept.

A flood of keys is one entry and one line in the log: what comes after `MOST_KEYS` is ignored until there is a pause.
"""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.commands import Command, Log

PAUSE_S = 1.5
"""Whoever enters a number presses the next key sooner than this."""
MOST_KEYS = 32
"""Longer than a number of a telephone, a customer or a credit card."""
SIGN = "⌨"
"""Stands before the keys in the record, where words would stand."""


class Keys:
    """The keys of one call. Times in seconds since the stream opened."""

    def __init__(self, emit: Callable[[Command], None]) -> None:
        self._emit = emit
        self._pressed = ""
        self._ignores = False
        self._pause_at: float | None = None

    def pressed(self, at: float, digit: str) -> None:
        """Note a key."""
        if self._pause_at is not None and at >= self._pause_at:
            self._ignores = False
        self._pause_at = at + PAUSE_S
        if not self._ignores:
            self._pressed += digit

    def entered(self, at: float) -> str:
        """Return the keys of an entry that is over, in order; empty while there is none."""
        is_full = len(self._pressed) >= MOST_KEYS
        if not self._pressed or not (is_full or at >= (self._pause_at or 0.0)):
            return ""
        keys, self._pressed, self._ignores = self._pressed, "", is_full
        more = ", more are ignored until a pause" if is_full else ""
        self._emit(Log("[KEYS]", f"pressed by the caller: {len(keys)}{more}"))
        return keys

    def deadline(self) -> float | None:
        """Return when an entry is over if no more keys come."""
        return self._pause_at if self._pressed else None
