"""The echo of the assistant's own voice: how loud it could be at this moment.

A telephone or a room returns what the caller hears, softer and later: later by the way of the audio to the
telephone network and back, which returned marks measure, and by the caller's own network and telephone, which
nothing measures. So an echo is expected for as long after a sound as the longest such way takes.

Levels are rms of 16-bit linear samples, times are seconds since the stream opened.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

LONGEST_WAY_S = 0.35
"""From Twilio to the caller's ear and back: mobile networks take up to 0.3 s, a loud room adds its reverberation."""
LOUDEST_ECHO = 0.1
"""An echo is at most this share of what was played (-20 dB); until a line is known, it is taken for such a line."""
FAINTEST_ECHO = 0.01
MARGIN = 1.5
"""A voice must be louder than the echo that is expected by this much (3.5 dB)."""
AUDIBLE_LEVEL = 400
"""From softer sounds of the assistant there is nothing to learn about the line's echo."""
RISE, FALL = 1.25, 0.99
"""How the estimate follows a frame that was louder or softer than it: it settles where one in twenty is louder."""
FAR_BELOW, FAR_BELOW_FRAMES, FAST_FALL = 0.25, 50, 0.93
"""A line that returns less than a quarter of what is expected for a second has no such echo. An echo's own pauses, with
its way after each, are shorter."""


@dataclass(slots=True)  # not frozen, as `CallerFrame`
class _Sound:
    starts_at: float
    ends_at: float
    level: int

    def __deepcopy__(self, memo: dict[int, Any]) -> _Sound:
        return self


@dataclass(slots=True)
class Echo:
    """What the caller hears of the assistant over time, and how much of it this line returns."""

    share: float = LOUDEST_ECHO
    _sounds: deque[_Sound] = field(default_factory=deque)
    _far_below: int = 0

    def will_play(self, starts_at: float, ends_at: float, level: int) -> None:
        """Note a piece of the assistant's voice that is on its way to the caller; pieces come in order."""
        self._sounds.append(_Sound(starts_at, ends_at, level))

    def cleared(self, at: float) -> None:
        """Note that what would have played after this moment will not."""
        while self._sounds and self._sounds[-1].starts_at > at:
            self._sounds.pop()

    def level(self, at: float, *, delay_s: float) -> int:
        """Return the loudest level that may come back now; `delay_s` is the shortest way there and back."""
        newest, oldest = at - delay_s, at - delay_s - LONGEST_WAY_S
        while self._sounds and self._sounds[0].ends_at < oldest:
            self._sounds.popleft()
        loudest = 0
        for sound in self._sounds:
            if sound.starts_at > newest:
                break
            loudest = max(loudest, sound.level)
        return loudest

    def threshold(self, level: int) -> float:
        """Return the rms that a voice must exceed while an echo of sounds of this level may come back."""
        return MARGIN * self.share * level

    def learn(self, level: int, rms: float) -> None:
        """Note how loud the line was, without its noise, while nobody but the assistant seemed to speak."""
        if level < AUDIBLE_LEVEL:
            return
        expected = self.share * level
        self._far_below = self._far_below + 1 if rms <= FAR_BELOW * expected else 0
        fall = FALL if self._far_below < FAR_BELOW_FRAMES else FAST_FALL
        self.share = min(max(self.share * (RISE if rms > expected else fall), FAINTEST_ECHO), LOUDEST_ECHO)
