"""Whose turn it is: the broadcasts of a number share it wave by wave. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True)
class Rotation(Generic[Key]):
    """Least recently served first; a newcomer is served next, whatever the others' sizes."""

    last_served: dict[Key, int] = field(default_factory=dict)
    turn: int = 0

    def next(self, waiting: Sequence[Key]) -> Key | None:
        """Choose among those that wait, and note that it was served."""
        if not waiting:
            return None
        chosen = min(waiting, key=lambda key: self.last_served.get(key, -1))
        self.turn += 1
        self.last_served[chosen] = self.turn
        return chosen

    def forget_others(self, known: Sequence[Key]) -> None:
        """Drop the memory of broadcasts that have ended."""
        self.last_served = {key: turn for key, turn in self.last_served.items() if key in known}
