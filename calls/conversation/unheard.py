"""The caller has spoken, say our own ears, and OpenAI has not ended the turn: then we end it.

OpenAI's detection may be deaf, hear a beginning without an end, or be gone while its connection looks well; the
telephone may send nothing after the last word. A turn that our ears heard is ended by us after some quiet. Nothing
within a while after that means that this session hears nothing: it is lost, and the next one hears the turn again.

    state      the turn                                           what `step` may say
    NOTHING    none, or it is not over, or the assistant speaks   NOTHING
    NOTHING    is over for `COMMIT_AFTER_S`, on a line that       COMMIT, once
               has had time to hear what it was sent again
    COMMITTED  was not taken within `TAKEN_WITHIN_S`              LOST

What OpenAI doesn't hear needs more evidence than what it does (`Caller.unended_voice_at`): a cough is no turn.
Over an utterance that the caller may interrupt, barge-in judges a voice; what has not interrupted is ended after it.
Times are seconds since the stream opened.
"""

from __future__ import annotations

from enum import Enum

from calls.conversation.caller import Caller
from calls.conversation.commands import ResponseKind
from calls.conversation.responses import RECOMMIT_WAIT_S, TURN_ENDS_S, Owed

COMMIT_AFTER_S = 1.2
"""OpenAI ends a turn after half a second of silence, and tells it some hundred milliseconds later."""
TAKEN_WITHIN_S = 1.5
UNHEARD = "unheard"
"""Why a session was lost, as a code."""


class UnheardStep(Enum):
    """What a turn that OpenAI has not ended needs now."""

    NOTHING = "nothing"
    COMMIT = "commit"
    LOST = "lost"


class Unheard:
    """The watch over one call's turns."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._committed_at: float | None = None
        self._not_before = 0.0

    @property
    def has_committed(self) -> bool:
        """We have ended a turn, and OpenAI has not said that it took it."""
        return self._committed_at is not None

    def turn_ended(self) -> None:
        """Note that OpenAI took a turn."""
        self._committed_at = None

    def model_ready(self, at: float) -> None:
        """Note that there is a new session, which hears again what the last one has not turned into a turn."""
        self._committed_at, self._not_before = None, at + RECOMMIT_WAIT_S

    def line_lost(self) -> None:
        """Note that the session is gone."""
        self._committed_at = None

    def owed(self, at: float) -> Owed | None:
        """Return the answer that a caller waits for whose turn has not been taken, if there is such a turn."""
        voice_at = self._caller.unended_voice_at()
        if voice_at is None or at < voice_at + COMMIT_AFTER_S:
            return None
        return Owed(ResponseKind.ANSWER, since=voice_at + TURN_ENDS_S)

    def step(self, at: float, *, is_ready: bool, barge_in_judges: bool) -> UnheardStep:
        """Return what to do now. `barge_in_judges`: the assistant is heard, and may be interrupted."""
        due_at = self._due_at()
        if due_at is None or at < due_at or not is_ready or (barge_in_judges and self._committed_at is None):
            return UnheardStep.NOTHING
        if self._committed_at is not None:
            self._committed_at = None
            return UnheardStep.LOST
        self._committed_at = at
        return UnheardStep.COMMIT

    def deadlines(self) -> list[float | None]:
        """Return when `step` or `owed` may say something new though nothing happens."""
        voice_at = self._caller.unended_voice_at()
        return [self._due_at(), None if voice_at is None else voice_at + COMMIT_AFTER_S]

    def _due_at(self) -> float | None:
        if self._committed_at is not None:
            return self._committed_at + TAKEN_WITHIN_S
        voice_at = self._caller.unended_voice_at()
        return None if voice_at is None else max(voice_at + COMMIT_AFTER_S, self._not_before)
