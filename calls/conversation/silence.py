"""A call in which nobody is there: since when the caller was not heard, and what follows from it.

A line that somebody forgot to hang up, or put on hold music, costs as much as a conversation. The clock runs from the
caller's last sound, or from the end of what the assistant said about it, whichever is later; from the start of the
call if nobody has said anything. What our ears took for noise or music is no sound of the caller's, whatever a
transcript makes of it.

    the assistant                                              the clock
    speaks, prepares to, or leaves, for the first time         stands still
    since the caller was heard (its answer, or the opening)
    speaks again though nobody was heard: it asks whether      runs on: music that is transcribed as words would
    somebody is there, or answers words that were none         keep a call alive otherwise
    is silent                                                  runs on

Nothing is cut off while the first utterance is protected. Times are seconds since the stream opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from calls.conversation.settings import ConversationSettings

ASK_AFTER_S = 15.0
LONGEST_DELAY_S = 10.0
"""How long past the limit the assistant may finish what it says into the silence."""


class SilenceStep(Enum):
    """What the silence needs now."""

    NOTHING = "nothing"
    ASK = "ask"
    END = "end"


@dataclass(frozen=True, slots=True)
class Scene:
    """What the rest of the conversation knows at a moment.

    `is_busy`: the assistant speaks, prepares to speak, or leaves. `may_ask`: it has spoken with this caller before.
    """

    heard_at: float
    is_busy: bool
    is_protected: bool
    may_ask: bool


class Silence:
    """The clock of one call."""

    def __init__(self, settings: ConversationSettings) -> None:
        self._limit_s = settings.silence_limit_s
        self._asks = settings.asks_after_silence
        self._since = self._heard_at = 0.0
        self._stands_still = settings.greeting_text != "" or settings.assistant_speaks_first  # for the opening
        self._was_busy = False
        self._has_asked = False

    def heard(self, at: float) -> None:
        """Start anew: the caller was heard, or pressed a key."""
        self._since = self._heard_at = at
        self._stands_still, self._was_busy, self._has_asked = True, False, False

    def step(self, at: float, scene: Scene) -> SilenceStep:
        """Return what to do now."""
        if scene.heard_at > self._heard_at:
            self.heard(scene.heard_at)
        if scene.is_busy and self._stands_still:
            self._since, self._was_busy = at, True
            return SilenceStep.NOTHING
        if self._was_busy:
            self._since, self._was_busy, self._stands_still = at, False, False
        ends_at = self._since + self._limit_s  # as `deadlines` has it, to the last bit: no other Tick would come
        if at >= ends_at:
            must_wait = scene.is_protected or (scene.is_busy and at < ends_at + LONGEST_DELAY_S)
            return SilenceStep.NOTHING if must_wait else SilenceStep.END
        if (
            self._asks
            and not self._has_asked
            and scene.may_ask
            and not scene.is_busy
            and at >= self._since + ASK_AFTER_S
        ):
            self._has_asked = True
            return SilenceStep.ASK
        return SilenceStep.NOTHING

    def deadlines(self) -> list[float | None]:
        """Return when `step` may say something new though nothing happens. Past moments mean nothing."""
        ends_at = self._since + self._limit_s
        asks = self._asks and not self._has_asked
        return [self._since + ASK_AFTER_S if asks else None, ends_at, ends_at + LONGEST_DELAY_S]
