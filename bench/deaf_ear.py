"""An ear that nobody has given a detector: what hears a call by loudness alone, and what the rest of a frame costs."""

from __future__ import annotations

from calls.audio.ears import Ear


class DeafEar(Ear):
    """Never has anything to judge, and can't tell what is speech."""

    def __init__(self) -> None:
        self.probability = None  # type: ignore[assignment]

    def take(self, audio: bytes, *, wanted: bool) -> bool:
        """Take the next piece of audio, and leave it."""
        return False
