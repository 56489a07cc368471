"""How likely it is that somebody speaks: what the detector says of one call's audio.

Audio is judged in windows of 32 ms (`detector.py`), on the event loop: `MOST_WINDOWS` bounds what one frame may cost.
An ear says when a window is complete; whoever asks it has the windows of many calls judged in one run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from calls.audio import detector, ulaw
from calls.audio.detector import FRESH_AFTER
from calls.audio.silero import CONTEXT, WINDOW

MOST_WINDOWS: Final = 16
"""Audio that nobody asked about is judged when somebody asks again, so that the detector knows what came before: half
a second of it at most (a millisecond of work, once where a voice begins), from a fresh memory when there was more."""
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


class Gain:
    """Makes a soft voice as loud for the detector as one near the telephone, and leaves noise where it is."""

    def __init__(self) -> None:
        self._level = 0.0  # rms of the loudest that was heard a moment ago
        self._noise = LOUDEST_NOISE
        self._before = LOUDEST_NOISE  # rms of the last window, as it was heard

    def next(self, rms: float) -> float:
        """Returns by how much to amplify the next window, which has this rms: 1 to `MOST_GAIN`."""
        rms = max(rms, 1.0)
        # One lost packet is no silence: it takes two windows.
        self._noise, self._before = min(max(rms, self._before), NOISE_RISES * self._noise), rms
        self._level = max(rms, LEVEL_FALLS * self._level)
        return max(min(EVEN_RMS / self._level, LOUDEST_NOISE / self._noise, MOST_GAIN), 1.0)


class Ear:
    """Listens to one call (`detector.Listener`). Audio is only kept until an answer is wanted."""

    def __init__(self) -> None:
        self._heard = bytearray(ulaw.SILENCE * CONTEXT)  # what was not judged yet, after its context
        self.memory = detector.fresh_memory()
        self.probability = 0.0
        """0 to 1, how surely the last audio that was judged is speech."""
        self._gain = Gain()
        self.gain = self._gain.next
        self._has_skipped = False
        self._silent = 0  # windows in a row

    @property
    def has_window(self) -> bool:
        """A window is complete and not judged."""
        return len(self._heard) >= CONTEXT + WINDOW

    def take(self, audio: bytes, *, wanted: bool) -> bool:
        """Take the next piece of the caller's audio (µ-law); `wanted`: somebody is about to ask for `probability`.

        Returns whether the ear has to be judged before (`judge`). The probability is then that of the last 32 ms that
        are complete.
        """
        self._heard += audio
        if len(self._heard) > CONTEXT + _LONGEST + WINDOW:
            self._skip()
        if not wanted:
            return False
        if self._has_skipped:
            # So that a window ends here, where the voice begins:
            self._forget((len(self._heard) - CONTEXT) % WINDOW)
            self._has_skipped = False
        return self.has_window

    def next_windows(self) -> list[bytes]:
        """See `detector.Listener.next_windows`."""
        ends = range(CONTEXT + WINDOW, len(self._heard) + 1, WINDOW)
        windows = [bytes(self._heard[end - WINDOW - CONTEXT : end]) for end in ends]
        self._forget(len(windows) * WINDOW)
        return windows

    def judged(self, probability: float, rms: float) -> None:
        """See `detector.Listener.judged`."""
        self.probability = round(probability, 2)  # as it is kept in traces
        self._silent = self._silent + 1 if rms < SILENT_RMS else 0
        if self._silent == FRESH_AFTER:
            self.memory, self._silent = detector.of_this_process().memory_of_silence, 0

    def _skip(self) -> None:
        """Leave out what is too long ago to matter; the memory that it would have led to is unknown."""
        self._forget(len(self._heard) - CONTEXT - _LONGEST)
        self.memory = detector.fresh_memory()
        self.probability = 0.0
        self._has_skipped = True

    def _forget(self, size: int) -> None:
        """Drop the oldest audio. Its last samples stay, as the context of what comes next."""
        del self._heard[:size]


def judge(waiting: Sequence[Ear]) -> None:
    """Judge all complete windows of some calls' ears in one run. None is named twice."""
    detector.of_this_process().judge([ear for ear in waiting if ear.has_window])


def hear(ear: Ear, audio: bytes, *, wanted: bool) -> float | None:
    """Take the next piece of one caller's audio and judge it at once. Returns `probability`; None if not wanted."""
    if ear.take(audio, wanted=wanted):
        judge([ear])
    return ear.probability if wanted else None
