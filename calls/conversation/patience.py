"""A caller who waits for the assistant: a tone after two seconds of silence, and an end to the waiting.

The caller waits while the assistant owes something and nothing of it is heard: it was asked for, failed, is asked
for again, or stopped in its middle. Speaking is no waiting, so the clock stands still while the caller speaks.

    the caller has heard nothing for    what happens
    TONE_AFTER_S                        a soft tone: somebody is there, and it takes a moment
    every TONE_AFTER_S after that       the tone again
    LONGEST_WAIT_S in all               the fallback: another person, or an apology

Times are seconds since the stream opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

TONE_AFTER_S = 1.8
"""Two seconds, less what the way to the caller takes."""
LONGEST_WAIT_S = 12.0
"""People hang up after some ten seconds of waiting. What hasn't passed by then rarely passes soon."""
TONE_BYTES = 2400
"""Its length: 0.3 s of µ-law. `calls/audio/waiting_tone.py` makes it."""
TONE_LEVELS = (700,) * 15
"""Its energy every 20 ms at most, as rms of 16-bit linear samples."""
WAITING_TONE = "waiting-tone"
"""How the item ids of tones begin. No item of the model has such an id."""


class PatienceStep(Enum):
    """What the caller's waiting needs now."""

    NOTHING = "nothing"
    TONE = "tone"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class Wait:
    """What the rest of the conversation knows of a caller who waits.

    `since`: when the assistant began to owe something. `quiet_since`: when the last sound of either side ended.
    """

    since: float
    quiet_since: float
    caller_speaks: bool


@dataclass(slots=True)
class Patience:
    """The clock of one call."""

    _left_s: float = LONGEST_WAIT_S
    _since: float | None = None
    _ends_at: float | None = None
    _tone_at: float | None = None

    def step(self, at: float, wait: Wait | None) -> PatienceStep:
        """Return what to do now. `wait`: None while nobody waits."""
        if wait is None:
            self._left_s, self._since, self._ends_at, self._tone_at = LONGEST_WAIT_S, None, None, None
            return PatienceStep.NOTHING
        if self._since is None:  # what is owed again after a failure was waited for already
            self._since = wait.since
        if wait.caller_speaks:
            self._left_s = self._left_s if self._ends_at is None else max(0.0, self._ends_at - at)
            self._ends_at = self._tone_at = None
            return PatienceStep.NOTHING
        quiet_since = max(self._since, wait.quiet_since)
        if self._ends_at is None:
            self._ends_at = quiet_since + self._left_s
        self._tone_at = quiet_since + TONE_AFTER_S
        if at >= self._ends_at:
            return PatienceStep.GIVE_UP
        return PatienceStep.TONE if at >= self._tone_at else PatienceStep.NOTHING

    def deadlines(self) -> list[float | None]:
        """Return when `step` may say something new though nothing happens."""
        return [self._ends_at, self._tone_at]
