"""What the caller hears of the assistant, from its first byte to its end.

An utterance is one piece of speech to the caller. It usually is the audio of one response, but goes on through a
second attempt or a new session when a failure broke the first one off.

    stage     its audio        ends by                           the caller's voice
    HELD      is kept back     `release_at`: QUEUED, or it       can't interrupt: nothing is audible
                               failed and nobody heard of it
    QUEUED    is sent          its first byte: PLAYING           can't interrupt: nothing is audible
    PLAYING   is sent          heard to its end, cut off         may pause it (PAUSED) or cut it off
    PAUSED    is kept back     cut off                           lets it go on (PLAYING) or cuts it off

The stage is the only record of a pause. `Assistant` changes it and nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from calls.conversation.commands import Latency, Measure, ResponseKind
from calls.conversation.first_utterance import OPENINGS


class Stage(Enum):
    """How far an utterance has come on its way to the caller."""

    HELD = "held"
    QUEUED = "queued"
    PLAYING = "playing"
    PAUSED = "paused"


_AUDIBLE = (Stage.PLAYING, Stage.PAUSED)
_PAUSED = Stage.PAUSED  # asked for every 20 ms, and Python 3.11 is slow to look a member up


@dataclass(slots=True)
class Utterance:
    """The utterance that is under way. Times in seconds since the stream opened."""

    kind: ResponseKind
    turn: int
    """Its position in the dialogue."""
    waited_since: float
    """Since when the caller waits for it."""
    voice_ended_at: float | None = None
    """When the caller's voice ended in the turn that it answers; None if that is unknown, or it answers none."""
    stage: Stage = Stage.QUEUED
    release_at: float | None = None
    """When it is let go if it is HELD."""
    first_sent_at: float = float("inf")
    """When its first byte was sent; the caller hears it a line's delay later."""
    short_turn: str = ""
    """The item of a turn that was said over it and that may be no more than "mm-hm"."""
    has_logged_ignored_voice: bool = False
    is_whole: bool = False
    """Its response has ended as it should, and nobody has interrupted it: nothing of it is missing when it is over."""

    @property
    def is_audible(self) -> bool:
        """The caller has begun to hear it. A paused one counts: the caller heard half of a sentence."""
        return self.stage in _AUDIBLE

    @property
    def is_paused(self) -> bool:
        """It was stopped in its middle and may go on."""
        return self.stage is _PAUSED

    def waits(self, at: float, *, quiet_since: float, delay_s: float) -> Iterator[Measure]:
        """Yield what was waited for its first byte, which is sent now.

        What a caller felt of it is more: their voice came to us by the way that the answer takes back to them, both
        together `delay_s`. Who spoke while the assistant did waits from its end (`quiet_since`).
        """
        what = Latency.GREETING if self.kind in OPENINGS else Latency.ANSWER
        yield Measure(what, round((at - self.waited_since) * 1000))
        if self.voice_ended_at is not None:
            yield Measure(Latency.FELT, round((at - max(self.voice_ended_at, quiet_since) + delay_s) * 1000))
