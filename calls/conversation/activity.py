"""Is the caller speaking in this frame: energy against a tracked noise floor, and the echo gate.

A neural detector's answer comes in with the frame (`CallerFrame.speech_probability`) and can only veto
what energy let through. Times are seconds, energies rms of 16-bit linear samples.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from calls.conversation.events import CallerFrame

QUIETEST_VOICE_RMS = 120
"""Below this nothing counts as voice: quiet callers (rms 500 on average) stay above it in every vowel."""
VOICE_OVER_NOISE = 3.0
"""Voice must be this many times the noise floor: 9.5 dB, which pulses of steady line noise don't reach."""
NOISE_WINDOW_MS = 2000
"""The floor is the quietest moment of this window: people pause within it, a fan or a hum doesn't."""
SPEECH_PROBABILITY = 0.3
"""From here on a neural detector's answer counts as speech (Silero at 8 kHz, measured)."""
LOOK_BACK_FRAMES = 50
"""OpenAI's `speech_started` is late by its own deliberation: look this far back for the voice it means."""

_SUBWINDOW_MS = 250


@dataclass(slots=True)
class NoiseFloor:
    """The energy of the line when nobody speaks: minimum statistics over a sliding window."""

    _last: float = 0.0
    _minimum: float = float("inf")
    _minimum_ms: int = 0
    _minima: deque[float] = field(default_factory=lambda: deque(maxlen=NOISE_WINDOW_MS // _SUBWINDOW_MS))

    @property
    def rms(self) -> float:
        """The floor; 0 until a whole window was heard, so that the first word of a call counts."""
        return min(self._minima) if len(self._minima) == self._minima.maxlen else 0.0

    def hear(self, rms: int, milliseconds: int) -> None:
        """Take one frame's energy into account. One lost packet is no silence: it takes two frames."""
        self._minimum = min(self._minimum, max(rms, self._last))
        self._last = rms
        self._minimum_ms += milliseconds
        if self._minimum_ms >= _SUBWINDOW_MS:
            self._minima.append(self._minimum)
            self._minimum, self._minimum_ms = float("inf"), 0


@dataclass(slots=True)
class Activity:
    """The caller's voice activity, frame by frame, and how much of it there was since a turn began."""

    floor: NoiseFloor = field(default_factory=NoiseFloor)
    threshold: float = QUIETEST_VOICE_RMS
    last_voiced_at: float = float("-inf")
    _voiced_ms: int = 0
    _turn_baseline_ms: int = 0
    _recent_ms: deque[int] = field(default_factory=lambda: deque(maxlen=LOOK_BACK_FRAMES))

    def hear(self, frame: CallerFrame, *, gate_rms: float) -> bool:
        """Tell whether the frame holds the caller's voice; softer than `gate_rms` is taken for echo."""
        self.threshold = max(QUIETEST_VOICE_RMS, VOICE_OVER_NOISE * self.floor.rms, gate_rms)
        self.floor.hear(frame.rms, frame.milliseconds)
        probability = frame.speech_probability
        voiced = frame.rms >= self.threshold and (probability is None or probability >= SPEECH_PROBABILITY)
        self._recent_ms.append(frame.milliseconds if voiced else 0)
        if voiced:
            self._voiced_ms += frame.milliseconds
            self.last_voiced_at = frame.at
        return voiced

    def turn_may_have_begun(self) -> None:
        """OpenAI says that speech began: count this turn's voice from a second ago."""
        self._turn_baseline_ms = max(self._turn_baseline_ms, self._voiced_ms - sum(self._recent_ms))

    def end_turn(self) -> int:
        """Return the milliseconds of voice in the turn that ends here, and count anew."""
        voiced = self._voiced_ms - self._turn_baseline_ms
        self._turn_baseline_ms = self._voiced_ms
        self._recent_ms.clear()
        return voiced
