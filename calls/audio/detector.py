"""The speech detector: windows of several calls, brought to an even level and judged by Silero in one run.

A run costs some 70 µs of processor time for one window of 32 ms, and 14 to 25 µs a window for eight or more at once
(`bench/bench_joint_ears.py`). What a window sounds like is computed for all of them together; only what a call's
windows mean after each other is not.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from itertools import accumulate
from math import sqrt
from typing import Final, Protocol

import numpy as np

from calls.audio import ulaw
from calls.audio.silero import CONTEXT, MEMORY, WINDOW, Floats, Silero

FRESH_AFTER: Final = 62
"""After so many silent windows in a row (two seconds) the detector begins anew, as if the call had just begun: with
the memory of an earlier turn it is slower by 17 ms to notice the next voice (decision 0087)."""


class Listener(Protocol):
    """One call, as the detector sees it."""

    memory: Floats
    """What the detector remembers of it: (1, MEMORY)."""

    def next_windows(self) -> list[bytes]:
        """Returns the windows that were not judged, oldest first, each after its context: µ-law, as `silero.py` has it.

        There is one at least.
        """
        ...

    def gain(self, rms: float) -> float:
        """Returns by how much to amplify the next window, which has this rms (16-bit scale)."""
        ...

    def judged(self, probability: float, rms: float) -> None:
        """Take the detector's answer, 0 to 1, about the next window. The memory after it is in `memory` already."""
        ...


class Detector:
    """Judges windows of many calls."""

    def __init__(self) -> None:
        self._network = Silero()
        silence = self._network.features(np.zeros((1, CONTEXT + WINDOW), np.float32))
        memory = fresh_memory()
        for _ in range(FRESH_AFTER):
            _probability, memory = self._network.judge(silence, memory)
        self.memory_of_silence = memory
        """Of `FRESH_AFTER` silent windows and nothing before."""

    def judge(self, listeners: Sequence[Listener]) -> None:
        """Judge all windows of each, in one run. None is named twice."""
        if not listeners:
            return
        windows = [each.next_windows() for each in listeners]
        heard = b"".join([window for of_one in windows for window in of_one])
        samples = ulaw.decode_to_unit(heard).reshape(-1, CONTEXT + WINDOW)
        energies: list[float] = np.einsum("ij,ij->i", samples[:, CONTEXT:], samples[:, CONTEXT:]).tolist()
        levels = [sqrt(energy / WINDOW) * 32768 for energy in energies]
        owners = [each for each, of_one in zip(listeners, windows, strict=True) for _window in of_one]
        gains = [each.gain(rms) for each, rms in zip(owners, levels, strict=True)]
        samples *= np.array(gains, np.float32)[:, np.newaxis]
        features = self._network.features(samples)
        starts = [0, *accumulate(map(len, windows))]
        for step in range(max(map(len, windows))):  # each call's own, one after the other
            placed = zip(listeners, starts, windows, strict=False)
            now = [(each, start + step) for each, start, of_one in placed if step < len(of_one)]
            memories = np.concatenate([each.memory for each, _place in now])
            probabilities, memories = self._network.judge(features[[place for _each, place in now]], memories)
            for row, ((each, place), probability) in enumerate(zip(now, probabilities.tolist(), strict=True)):
                each.memory = memories[row : row + 1].copy()  # a view would keep everybody's
                each.judged(probability, levels[place])


@functools.cache
def of_this_process() -> Detector:
    """Returns the one of this process; the first time takes 10 ms, so a process that answers calls loads it before."""
    return Detector()


def fresh_memory() -> Floats:
    """Returns the memory of a call in which nothing was heard yet."""
    return np.zeros((1, MEMORY), np.float32)
