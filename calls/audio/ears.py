"""Is this the sound of somebody speaking: what a detector says of one call's audio, or what tones alone tell.

Speech without a detector is told by loudness alone, which also takes music, typing and a bump of the handset for
speech. Audio is judged in windows of 32 ms (`detector.py`), on the event loop: `MOST_WINDOWS` bounds what one frame may
cost. An ear says when a window is complete; whoever asks it has the windows of many calls judged in one run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from calls.audio import detector, tones, ulaw
from calls.audio.detector import CONTEXT, FRESH_AFTER, WINDOW, Detector

MOST_WINDOWS: Final = 16
"""Audio that nobody asked about is judged when somebody asks again, so that the detector knows what came before: half
a second of it at most (2 ms of work, once where a voice begins), from a fresh memory when there was more."""
_LONGEST: Final = MOST_WINDOWS * WINDOW
SILENT_RMS: Final = 40
EVEN_RMS: Final = 2000
"""The level that voices are brought to (16-bit scale): Silero hears a soft voice later than a loud one, or never."""
MOST_GAIN: Final = 8.0
"""18 dB: a voice of rms 250 comes up to the level. What is softer was far away, or an echo."""
LEVEL_FALLS: Final = 0.97
"""How fast the level that the gain is taken from falls, for each window: 8 dB a second, which outlasts a breath."""
LOUDEST_NOISE: Final = 100.0
"""The line's noise is never brought above this: a voice that stands out of noise is heard best as it is."""
NOISE_RISES: Final = 1.02
"""How fast the noise is taken to have grown, for each window: 5 dB a second, slower than people pause."""


class Ear(Protocol):
    """Listens to one call."""

    probability: float | None
    """0 to 1, how surely the last audio that was judged is speech; None: nobody can tell."""

    def take(self, audio: bytes, *, wanted: bool) -> NeuralEar | None:
        """Take the next piece of the caller's audio (µ-law); `wanted`: somebody is about to ask for `probability`.

        Returns the ear itself if it has to be judged before (`judge`), None if there is nothing to judge.
        """
        ...


class Gain:
    """Makes a soft voice as loud for the detector as one near the telephone, and leaves noise where it is."""

    def __init__(self) -> None:
        self._level = 0.0  # rms of the loudest that was heard a moment ago
        self._noise = LOUDEST_NOISE
        self.heard_rms = LOUDEST_NOISE
        """The last window's rms, as it was heard."""

    def next(self, rms: float) -> float:
        """Returns by how much to amplify the next window, which has this rms: 1 to `MOST_GAIN`."""
        rms = max(rms, 1.0)
        # One lost packet is no silence: it takes two windows.
        self._noise, self.heard_rms = min(max(rms, self.heard_rms), NOISE_RISES * self._noise), rms
        self._level = max(rms, LEVEL_FALLS * self._level)
        return max(min(EVEN_RMS / self._level, LOUDEST_NOISE / self._noise, MOST_GAIN), 1.0)


class NeuralEar:
    """The detector's opinion of one call (`detector.Listener`). Audio is only kept until an answer is wanted."""

    def __init__(self, judged_by: Detector | None) -> None:
        self._detector = judged_by  # None: it is on its way
        self._heard = bytearray(ulaw.SILENCE * CONTEXT)  # what was not judged yet, after its context
        self.memory = detector.fresh_memory()
        self.probability: float | None = 0.0 if judged_by else None
        self._gain = Gain()
        self.gain = self._gain.next
        self._has_skipped = False
        self._silent = 0  # windows in a row

    @property
    def detector(self) -> Detector:
        """Whoever judges. It has come when there is something to judge."""
        assert self._detector is not None  # noqa: S101 - for the type checker
        return self._detector

    @property
    def has_window(self) -> bool:
        """A window is complete and not judged."""
        return len(self._heard) >= CONTEXT + WINDOW

    def take(self, audio: bytes, *, wanted: bool) -> NeuralEar | None:
        """See `Ear.take`. The probability is that of the last 32 ms that are complete."""
        self._heard += audio
        if len(self._heard) > CONTEXT + _LONGEST + WINDOW:
            self._skip()
        if not wanted or not self._has_detector():
            return None
        if self._has_skipped:
            # So that a window ends here, where the voice begins:
            self._forget((len(self._heard) - CONTEXT) % WINDOW)
            self._has_skipped = False
        return self if self.has_window else None

    def _has_detector(self) -> bool:
        """Returns whether it has come. Until then nobody can tell what is speech, and audio is kept as ever."""
        if self._detector is None and not detector.is_on_its_way():
            self._detector = detector.installed()
        return self._detector is not None

    def next_window(self) -> bytes:
        """See `detector.Listener.next_window`."""
        window = bytes(self._heard[: CONTEXT + WINDOW])
        self._forget(WINDOW)
        return window

    def judged(self, probability: float) -> None:
        """See `detector.Listener.judged`."""
        self.probability = round(probability, 2)  # as it is kept in traces
        self._silent = self._silent + 1 if self._gain.heard_rms < SILENT_RMS else 0
        if self._silent == FRESH_AFTER:
            self.memory, self._silent = self.detector.memory_of_silence, 0

    def _skip(self) -> None:
        """Leave out what is too long ago to matter; the memory that it would have led to is unknown."""
        self._forget(len(self._heard) - CONTEXT - _LONGEST)
        self.memory = detector.fresh_memory()
        self.probability = 0.0 if self._detector else None
        self._has_skipped = True

    def _forget(self, size: int) -> None:
        """Drop the oldest audio. Its last samples stay, as the context of what comes next."""
        del self._heard[:size]


class ToneEar:
    """Judges without a detector: keys and beeps are not speech. Everything else is decided by loudness."""

    def __init__(self) -> None:
        self.probability: float | None = None

    def take(self, audio: bytes, *, wanted: bool) -> NeuralEar | None:
        """See `Ear.take`. The probability is 0 for a tone, None for everything else."""
        self.probability = 0.0 if wanted and tones.is_tone(ulaw.decode(audio)) else None
        return None


def new_ear() -> Ear:
    """Returns the best available ear, for one call."""
    if detector.is_on_its_way():
        return NeuralEar(None)
    judged_by = detector.installed()
    return ToneEar() if judged_by is None else NeuralEar(judged_by)


def judge(waiting: Sequence[NeuralEar]) -> None:
    """Judge all complete windows of some calls' ears, none named twice: those of different calls in one run."""
    while waiting:
        waiting[0].detector.judge(waiting)
        waiting = [ear for ear in waiting if ear.has_window]


def hear(ear: Ear, audio: bytes, *, wanted: bool) -> float | None:
    """Take the next piece of one caller's audio and judge it at once. Returns `probability`; None if not wanted."""
    if waiting := ear.take(audio, wanted=wanted):
        judge([waiting])
    return ear.probability if wanted else None


def remarks() -> list[str]:
    """Returns what an operator should know about how this process hears. Loads the detector's library."""
    if detector.is_missing():
        return ["No speech detector: loudness alone tells callers' voices. pip install -r requirements.txt brings it."]
    return []
