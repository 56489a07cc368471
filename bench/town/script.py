"""Who talks when, in pieces of 20 ms: 4 s the caller, a pause that ends the turn, 4 s the assistant, a pause. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PIECE_S: Final = 0.02
EVERY: Final = 500
"""A caller begins to talk every ten seconds."""
TALKS: Final = 200
"""Each side talks for 40 % of the time."""
SILENCE: Final = 25
"""Half a second without a voice ends a turn, as servers of calls ask OpenAI for."""
LISTENS_FIRST: Final = 100
"""Callers hear a greeting out."""
_SPREAD: Final = 137
"""Calls that follow each other are so far apart in their turns: all together are always the same mixture."""


@dataclass(frozen=True, slots=True)
class Script:
    """What one caller does. `ordinal`: of the call."""

    ordinal: int

    def place(self, piece: int) -> int:
        """Returns where in a round of talking and listening a piece is; from 0 on the caller talks."""
        return (piece - LISTENS_FIRST + self.ordinal * _SPREAD) % EVERY

    def has_voice(self, piece: int) -> bool:
        """Returns whether the caller talks in a piece."""
        return piece >= LISTENS_FIRST and self.place(piece) < TALKS


@dataclass(slots=True)
class Turns:
    """Ends turns as OpenAI's detection does: told of each piece in order."""

    is_talking: bool = False
    _silent: float = 0.0

    def hear(self, pieces: float, *, has_voice: bool) -> bool | None:
        """Take some pieces. Returns True where a turn begins, False where it ends, None otherwise."""
        if has_voice:
            self._silent = 0.0
            if self.is_talking:
                return None
            self.is_talking = True
            return True
        self._silent += pieces
        if not self.is_talking or self._silent < SILENCE:
            return None
        self.is_talking = False
        return False
