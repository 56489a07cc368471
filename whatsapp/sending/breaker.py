"""Stops a broadcast most of whose messages fail, before it fails for everybody. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

IN_A_ROW = 5
WINDOW = 100
SHARE = 0.2
LEAST_SAMPLE = 50


@dataclass(slots=True)
class Breaker:
    """Watches the definite answers to one broadcast's messages."""

    in_a_row: int = 0
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def note(self, *, failed: bool) -> None:
        """Count a definite answer: accepted, or refused because of the message itself."""
        self.in_a_row = self.in_a_row + 1 if failed else 0
        self.recent.append(failed)

    @property
    def is_open(self) -> bool:
        """Whether the broadcast must pause."""
        failures = sum(self.recent)
        return self.in_a_row >= IN_A_ROW or (len(self.recent) >= LEAST_SAMPLE and failures > SHARE * len(self.recent))

    def reset(self) -> None:
        """Start counting afresh, after somebody resumed the broadcast."""
        self.in_a_row = 0
        self.recent.clear()
