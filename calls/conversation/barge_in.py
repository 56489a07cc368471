"""Does the caller interrupt: pause at enough voice, commit when it goes on, resume when it was a cough.

This decides; `turns.py` acts. It is asked only while the caller hears the assistant and may interrupt it
(`barge_in_allowed`, the one gate).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from calls.conversation.settings import ConversationSettings

FRAME_MS = 20
LONGEST_GAP_MS = 60
"""Unvoiced consonants and stops break a voice for this long without ending it."""
SAME_SPEECH_S = 1.2
"""OpenAI's `speech_started` within this time of our own first voiced frame means the same speech."""
RESUME_AFTER_QUIET_S = 0.4
"""A pause without more voice ends after this long: longer than between two words, short for a listener."""
VOICED_SHARE = 0.6
"""Speech that goes on is voiced for at least this share of the debounce; single bumps are not."""


class Verdict(Enum):
    """What to do about the caller's voice."""

    NOTHING = "nothing"
    PAUSE = "pause"
    COMMIT = "commit"
    RESUME = "resume"


@dataclass(slots=True)
class BargeIn:
    """The run of voice that may become an interruption. Times in seconds."""

    settings: ConversationSettings
    is_paused: bool = False
    run_ms: int = 0
    run_started_at: float = float("-inf")
    _quiet_ms: int = 0
    _last_voiced_at: float = float("-inf")
    _server_heard_at: float = float("-inf")
    _last_pause_run_at: float = float("-inf")

    def hear(self, at: float, *, voiced: bool, milliseconds: int) -> Verdict:
        """Judge one frame that came while the assistant was being heard, or is paused."""
        if voiced:
            if self.run_ms == 0:
                self.run_started_at = at
            self.run_ms += milliseconds
            self._quiet_ms = 0
            self._last_voiced_at = at
        else:
            self._quiet_ms += milliseconds
            if self._quiet_ms > LONGEST_GAP_MS and not self.is_paused:
                self.run_ms = 0
        return self._judge_pause(at, voiced=voiced) if self.is_paused else self._judge_run(at)

    def server_heard_speech(self, at: float) -> Verdict:
        """Judge OpenAI's `speech_started`: it commits what our own ears agree with."""
        self._server_heard_at = at
        if self.is_paused:
            return Verdict.COMMIT
        # It was resumed a moment ago as a cough, and OpenAI now says that it was speech.
        return Verdict.COMMIT if at - self._last_pause_run_at < SAME_SPEECH_S else Verdict.NOTHING

    def quiet_for(self, at: float) -> Verdict:
        """Judge a pause when no frame came (the line may have stopped sending)."""
        return self._judge_pause(at, voiced=False) if self.is_paused else Verdict.NOTHING

    @property
    def resume_at(self) -> float | None:
        """When a pause ends by itself."""
        return self._last_voiced_at + RESUME_AFTER_QUIET_S if self.is_paused else None

    def _judge_run(self, at: float) -> Verdict:
        if self.run_ms < self.settings.barge_in_voice_frames * FRAME_MS:
            return Verdict.NOTHING
        self.is_paused = True
        self._last_pause_run_at = self.run_started_at
        heard_both = abs(self._server_heard_at - self.run_started_at) < SAME_SPEECH_S
        return Verdict.COMMIT if heard_both else Verdict.PAUSE

    def _judge_pause(self, at: float, *, voiced: bool) -> Verdict:
        lasted_ms = (at - self.run_started_at) * 1000
        debounce_ms = self.settings.barge_in_debounce_ms
        if voiced and lasted_ms >= debounce_ms and self.run_ms >= VOICED_SHARE * debounce_ms:
            return Verdict.COMMIT
        if at - self._last_voiced_at < RESUME_AFTER_QUIET_S:
            return Verdict.NOTHING
        return Verdict.RESUME if self.settings.resume_after_false_barge_in else Verdict.COMMIT

    def end(self) -> None:
        """Begin anew: the pause was resumed or committed, or the assistant is no longer heard."""
        self.is_paused, self.run_ms, self._quiet_ms = False, 0, 0

    def forget(self) -> None:
        """Another utterance begins: what was heard during the last one means nothing for it."""
        self.end()
        self._last_pause_run_at = self._server_heard_at = float("-inf")
