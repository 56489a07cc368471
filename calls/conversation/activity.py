"""Tell whether a frame holds the caller's voice, by loudness over noise and echo, and by a detector where there is one.

A neural detector's answer comes in with the frame (`CallerFrame.speech_probability`). Where there is one, it tells
speech from noise, and loudness only tells the caller from an echo or a far-away voice. Where there is none, loudness
must tell everything. Times are seconds, energies rms of 16-bit linear samples.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import sqrt

from calls.conversation.events import CallerFrame

QUIETEST_VOICE_RMS = 120
"""Below this nothing counts as voice: quiet callers (rms 500 on average) stay above it in every vowel."""
SOFTEST_SPEECH_RMS = 40
"""Speech that a detector hears begins as softly as this; it counts once a louder part follows."""
VOICE_OVER_NOISE = 3.0
"""By loudness alone, voice is this many times the noise floor: 9.5 dB, which pulses of line noise don't reach."""
SPEECH_OVER_NOISE = 1.4
"""Voice that a detector confirms need only stand out of the noise (3 dB)."""
NOISE_WINDOW_MS = 2000
"""The floor is the quietest moment of this window: people pause within it, a fan or a hum doesn't."""
SPEECH_PROBABILITY = 0.25
"""From here on a neural detector's answer counts as speech (Silero at 8 kHz, docs/ears.md)."""
LOOK_BACK_FRAMES = 50
"""OpenAI's `speech_started` is late by its own deliberation: look this far back for the voice it means."""
ENOUGH_EVIDENCE_MS = 400
"""With this much speech a turn is certain: a detector is not asked about the rest of it."""

_SUBWINDOW_MS = 250
_LOUDNESS_FRAMES = 3


@dataclass(slots=True)
class NoiseFloor:
    """The energy of the line when nobody speaks: minimum statistics over a sliding window."""

    rms: float = 0.0
    """The floor; 0 until a whole window was heard, so that the first word of a call counts."""
    _last: float = 0.0
    _minimum: float = float("inf")
    _minimum_ms: int = 0
    _minima: deque[float] = field(default_factory=lambda: deque(maxlen=NOISE_WINDOW_MS // _SUBWINDOW_MS))

    def hear(self, rms: int, milliseconds: int) -> None:
        """Take one frame's energy into account. Silence takes two frames, as one may be a lost packet."""
        self._minimum = min(self._minimum, max(rms, self._last))
        self._last = rms
        self._minimum_ms += milliseconds
        if self._minimum_ms >= _SUBWINDOW_MS:
            self._minima.append(self._minimum)
            self.rms = min(self._minima) if len(self._minima) == self._minima.maxlen else 0.0
            self._minimum, self._minimum_ms = float("inf"), 0
            if len(self._minima) == self._minima.maxlen:
                self.rms = min(self._minima)


@dataclass(slots=True)  # not frozen: one is made for every frame
class Hearing:
    """What one frame holds. `is_voice` but not `is_loud` may be an echo, or the caller's first soft sound.

    `probability`: a detector's, that it is speech; None where none has judged it.
    """

    is_voice: bool
    is_loud: bool
    probability: float | None = None

    @property
    def is_caller(self) -> bool:
        """It is the caller's own voice."""
        return self.is_voice and self.is_loud


@dataclass(slots=True)
class Activity:
    """The caller's voice activity, frame by frame, and how much of it there was since a turn began."""

    floor: NoiseFloor = field(default_factory=NoiseFloor)
    threshold: float = QUIETEST_VOICE_RMS
    last_voiced_at: float = float("-inf")
    loud_ms: int = 0
    """How much of the last turn was as loud as a voice, whatever a detector said."""
    _voiced_ms: int = 0
    _turn_baseline_ms: int = 0
    _loud_ms: int = 0
    _recent_ms: deque[int] = field(default_factory=lambda: deque(maxlen=LOOK_BACK_FRAMES))
    _energies: deque[int] = field(default_factory=lambda: deque(maxlen=_LOUDNESS_FRAMES))

    @property
    def softest_rms(self) -> float:
        """Below this a frame holds no voice, whatever a detector says."""
        return max(SOFTEST_SPEECH_RMS, SPEECH_OVER_NOISE * self.floor.rms)

    @property
    def has_evidence(self) -> bool:
        """Enough was heard since the last turn to know that somebody spoke."""
        return self._voiced_ms - self._turn_baseline_ms >= ENOUGH_EVIDENCE_MS

    def hear(self, frame: CallerFrame, *, gate_rms: float) -> Hearing:
        """Tell what the frame holds. What is softer than `gate_rms` is taken for echo."""
        self._energies.append(frame.rms * frame.rms)
        judge = self._by_loudness if frame.speech_probability is None else self._by_ears
        hearing = judge(frame, gate_rms)
        if frame.rms >= max(QUIETEST_VOICE_RMS, VOICE_OVER_NOISE * self.floor.rms, gate_rms):
            self._loud_ms += frame.milliseconds
        self.floor.hear(frame.rms, frame.milliseconds)
        self._recent_ms.append(frame.milliseconds if hearing.is_caller else 0)
        if hearing.is_caller:
            self._voiced_ms += frame.milliseconds
            self.last_voiced_at = frame.at
        return hearing

    def _by_loudness(self, frame: CallerFrame, gate_rms: float) -> Hearing:
        self.threshold = max(QUIETEST_VOICE_RMS, VOICE_OVER_NOISE * self.floor.rms, gate_rms)
        voiced = frame.rms >= self.threshold
        return Hearing(is_voice=voiced, is_loud=voiced)

    def _by_ears(self, frame: CallerFrame, gate_rms: float) -> Hearing:
        probability = frame.speech_probability or 0.0
        self.threshold = max(QUIETEST_VOICE_RMS, SPEECH_OVER_NOISE * self.floor.rms, gate_rms)
        voiced = probability >= SPEECH_PROBABILITY and frame.rms >= self.softest_rms
        # The energy of 60 ms: a soft consonant beside a vowel is the caller's, a single peak of an echo is nobody's.
        loud = sqrt(sum(self._energies) / _LOUDNESS_FRAMES) >= self.threshold
        return Hearing(voiced, loud, probability)

    def turn_may_have_begun(self) -> None:
        """OpenAI says that speech began: count this turn's voice from a second ago."""
        self._turn_baseline_ms = max(self._turn_baseline_ms, self._voiced_ms - sum(self._recent_ms))

    def end_turn(self) -> int:
        """Return the milliseconds of voice in the turn that ends here, and count anew."""
        voiced = self._voiced_ms - self._turn_baseline_ms
        self._turn_baseline_ms = self._voiced_ms
        self.loud_ms, self._loud_ms = self._loud_ms, 0
        return voiced

    def give_back(self, milliseconds: int) -> None:
        """Count the last of the voice in the turn that has ended as the next one's."""
        self._turn_baseline_ms = max(0, self._turn_baseline_ms - milliseconds)
