"""The server's voice activity detection, by energy: when the caller's speech starts and stops in the input audio."""

from __future__ import annotations

from dataclasses import dataclass

from calls.audio import ulaw

_FRAME = 160  # bytes: 20 ms
_FRAME_MS = 20
_ONSET_FRAMES = 3
PAUSE_MS = 200
# At this energy the probability of speech is 0.5: quiet speech on a telephone has an rms of 500.
_EVEN_CHANCE_RMS = 200


@dataclass(frozen=True, slots=True)
class Started:
    """Speech began at this time of the input audio (the onset, without padding)."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Paused:
    """`PAUSE_MS` of silence have followed speech, which may be over."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The silence after speech has lasted long enough at this time of the input audio."""

    at_ms: int


class EnergyVad:
    """Follows one session's input audio; `position_ms` is how much of it was seen."""

    def __init__(self) -> None:
        self.threshold = 0.5
        self.silence_duration_ms = 500
        self.position_ms = 0
        self.is_speech = False
        self._pending = b""
        self._voiced_frames = 0
        self._silent_ms = 0

    def feed(self, audio: bytes) -> list[Started | Paused | Stopped]:
        """Take µ-law audio of any length. Returns where speech starts, pauses and stops in it."""
        audio = self._pending + audio
        whole = len(audio) - len(audio) % _FRAME
        self._pending = audio[whole:]
        found = (self._frame(audio[start : start + _FRAME]) for start in range(0, whole, _FRAME))
        return [event for event in found if event]

    def _frame(self, frame: bytes) -> Started | Paused | Stopped | None:
        energy = ulaw.rms(frame) ** 2
        voiced = energy / (energy + _EVEN_CHANCE_RMS**2) >= self.threshold
        self.position_ms += _FRAME_MS
        if self.is_speech:
            self._silent_ms = 0 if voiced else self._silent_ms + _FRAME_MS
            if self._silent_ms < self.silence_duration_ms:
                return Paused() if self._silent_ms == PAUSE_MS else None
            self.is_speech, self._voiced_frames = False, 0
            return Stopped(self.position_ms)
        self._voiced_frames = self._voiced_frames + 1 if voiced else 0
        if self._voiced_frames < _ONSET_FRAMES:
            return None
        self.is_speech, self._silent_ms = True, 0
        return Started(self.position_ms - _ONSET_FRAMES * _FRAME_MS)
