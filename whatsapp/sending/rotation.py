"""Whose turn it is: the broadcasts of a number alternate wave by wave. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True)
class Rotation(Generic[Key]):
    """The least recently served is next; a newcomer comes first, whatever the sizes of the others."""

    last_served: dict[Key, int] = field(default_factory=dict)
    turn: int = 0

    def next(self, waiting: Sequence[Key]) -> Key | None:
        """Returns the next of those that wait, and records that it was served."""
        if not waiting:
            return None
        chosen = min(waiting, key=lambda key: self.last_served.get(key, -1))
        self.turn += 1
        self.last_served[chosen] = self.turn
        return chosen

    def forget_others(self, known: Sequence[Key]) -> None:
        """Forget broadcasts that are not in `known`."""
        self.last_served = {key: turn for key, turn in self.last_served.items() if key in known}
