"""Decide whether the caller interrupts: pause at the first voice, commit when it goes on, resume after a cough.

Sound that a detector calls speech pauses after 40 to 60 ms and commits after `barge_in_voice_frames`. Sound that is
only loud pauses after `barge_in_voice_frames`; if it stays in doubt, it commits after `barge_in_debounce_ms`.

This decides; `interruptions.py` asks it, acts and holds the gate. Whether the assistant is paused is told with
every question: the utterance knows (`utterance.py`), and it is written down nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from calls.conversation.activity import Hearing
from calls.conversation.settings import ConversationSettings

FRAME_MS = 20
PAUSE_MS = 60
"""The assistant pauses after this much sound that a detector calls speech."""
LIKELY_PAUSE_MS = 40
LIKELY_PROBABILITY = 0.5
"""It pauses sooner where the detector calls it speech rather than not."""
LONGEST_GAP_MS = 60
"""Unvoiced consonants and stops break a voice for this long without ending it."""
SAME_SPEECH_S = 1.2
"""OpenAI's `speech_started` within this time of our own first voiced frame means the same speech."""
RESUME_AFTER_QUIET_S = 0.4
"""A pause without more voice ends after this long: longer than between two words, short for a listener."""
VOICED_SHARE = 0.6
"""Speech that goes on is voiced for at least this share of the debounce; single bumps are not."""
SURE_PROBABILITY = 0.85
"""A detector becomes this sure of speech within `barge_in_voice_frames`, but not of music."""
FAIRLY_SURE_PROBABILITY = 0.7
FAIRLY_SURE_MS = 40
"""It may be less sure of what goes on this much longer: unusual voices, and words with soft beginnings."""
LONGEST_BACKCHANNEL_MS = 800
""""Mm-hm" and "כן כן" are shorter than this. A caller who speaks longer wants the floor."""


class Verdict(Enum):
    """What to do about the caller's voice. The values are words of the log."""

    NOTHING = "nothing"
    PAUSE = "pause"
    COMMIT = "commit"
    RESUME = "resume"


@dataclass(slots=True)
class BargeIn:
    """The run of voice that may become an interruption. Times in seconds.

    `run_ms` counts its voice, `speech_ms` the part of it that a detector called speech.
    """

    settings: ConversationSettings
    run_ms: int = 0
    run_started_at: float = float("-inf")
    speech_ms: int = 0
    _surest: float = 0.0
    _latest: float = 0.0
    _is_loud: bool = False
    _is_loud_now: bool = False
    _by_ears: bool = False
    _quiet_ms: int = 0
    _last_voiced_at: float = float("-inf")
    _server_heard_at: float = float("-inf")
    _last_pause_run_at: float = float("-inf")

    def hear(self, at: float, hearing: Hearing, *, milliseconds: int, is_paused: bool) -> Verdict:
        """Judge one frame that came while the assistant was audible; `is_paused`: it has been stopped by a voice."""
        if hearing.is_voice:
            self._go_on(at, hearing, milliseconds, is_paused=is_paused)
        else:
            self._quiet_ms += milliseconds
            if self._quiet_ms > LONGEST_GAP_MS and (self._by_ears or not is_paused):
                self.start_over()
        return self._judge_pause(at, voiced=hearing.is_voice) if is_paused else self._judge_run(at)

    def server_heard_speech(self, at: float, *, is_paused: bool) -> Verdict:
        """Judge OpenAI's `speech_started`: it commits what our own ears agree with."""
        self._server_heard_at = at
        if is_paused:
            return Verdict.NOTHING if self._may_be_backchannel(at) else Verdict.COMMIT
        if not self.settings.backchannels_interrupt:
            return Verdict.NOTHING  # the transcript decides
        # It was resumed a moment ago as a cough, and OpenAI now says that it was speech.
        return Verdict.COMMIT if at - self._last_pause_run_at < SAME_SPEECH_S else Verdict.NOTHING

    def quiet_for(self, at: float) -> Verdict:
        """Judge a pause when no frame came (the line may have stopped sending)."""
        return self._judge_pause(at, voiced=False)

    @property
    def pause_ends_at(self) -> float:
        """When a pause ends if no more voice is heard."""
        return self._last_voiced_at + RESUME_AFTER_QUIET_S

    def _go_on(self, at: float, hearing: Hearing, milliseconds: int, *, is_paused: bool) -> None:
        if self.run_ms == 0:
            self.run_started_at = at
        self.run_ms += milliseconds
        self._is_loud = self._is_loud or hearing.is_loud
        self._by_ears = hearing.probability is not None
        if hearing.probability is not None:
            self.speech_ms += milliseconds
            self._surest, self._latest = max(self._surest, hearing.probability), hearing.probability
        self._is_loud_now = hearing.is_loud
        self._quiet_ms = 0
        if hearing.is_loud or not is_paused:  # an echo that rings on doesn't prolong a pause
            self._last_voiced_at = at

    def _judge_run(self, at: float) -> Verdict:
        enough_ms = self.settings.barge_in_voice_frames * FRAME_MS
        if self._by_ears and self.settings.resume_after_false_barge_in:
            enough_ms = min(enough_ms, LIKELY_PAUSE_MS if self._latest >= LIKELY_PROBABILITY else PAUSE_MS)
        if self.run_ms < enough_ms or not self._is_loud:
            return Verdict.NOTHING
        self._last_pause_run_at = self.run_started_at
        if self._may_be_backchannel(at):
            return Verdict.PAUSE
        heard_both = abs(self._server_heard_at - self.run_started_at) < SAME_SPEECH_S
        return Verdict.COMMIT if heard_both or self._is_speech else Verdict.PAUSE

    def _judge_pause(self, at: float, *, voiced: bool) -> Verdict:
        if voiced and not self._may_be_backchannel(at) and (self._is_speech or self._goes_on(at)):
            return Verdict.COMMIT
        if at < self.pause_ends_at:  # as the deadline has it, to the last bit: after it no other Tick would come
            return Verdict.NOTHING
        return Verdict.RESUME if self.settings.resume_after_false_barge_in else Verdict.COMMIT

    @property
    def _is_speech(self) -> bool:
        """It is surely speech, and long enough to be meant."""
        beyond_ms = self.speech_ms - self.settings.barge_in_voice_frames * FRAME_MS
        sure = FAIRLY_SURE_PROBABILITY if beyond_ms >= FAIRLY_SURE_MS else SURE_PROBABILITY
        return beyond_ms >= 0 and self._is_loud_now and self._surest >= sure

    def _goes_on(self, at: float) -> bool:
        """Tell whether it has lasted so long that the caller must want the floor, speech or not."""
        debounce_ms = self.settings.barge_in_debounce_ms
        return (at - self.run_started_at) * 1000 >= debounce_ms and self.run_ms >= VOICED_SHARE * debounce_ms

    def _may_be_backchannel(self, at: float) -> bool:
        """Tell whether it is as short as "mm-hm", which doesn't interrupt in this business."""
        is_short = (at - self._last_pause_run_at) * 1000 < LONGEST_BACKCHANNEL_MS
        return is_short and not self.settings.backchannels_interrupt

    def start_over(self) -> None:
        """Begin a new run: this one fell silent, was resumed or interrupted."""
        self.run_ms = self.speech_ms = self._quiet_ms = 0
        self._surest = self._latest = 0.0
        self._is_loud = False

    def forget(self) -> None:
        """Begin with another utterance: what was heard during the last one means nothing for it."""
        self.start_over()
        self._last_pause_run_at = self._server_heard_at = float("-inf")
