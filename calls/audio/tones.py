"""Is this piece of audio a tone: a telephone's key (DTMF), a beep, a dial or ringing tone? Pure."""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calls.audio.ulaw import SAMPLE_RATE

LOWEST_HZ: Final = 330.0
"""Below are the fundamentals of voices, which one harmonic may outweigh; tones of telephone networks are above."""
TONE_SHARE: Final = 0.97
"""Of a frame's energy, what lies around its two strongest frequencies. Vowels spread theirs over many harmonics."""
_BIN_HZ: Final = 12.5
_HALF_WIDTH_HZ: Final = 100.0  # of a peak in the spectrum of 20 ms, seen through a Hann window
_BINS: Final = round(SAMPLE_RATE / _BIN_HZ)


def is_tone(samples: NDArray[np.int16]) -> bool:
    """Tell whether one or two steady frequencies make up nearly all of a frame (10 ms or more at 8 kHz)."""
    if len(samples) < SAMPLE_RATE // 100:
        return False
    power = np.abs(np.fft.rfft(samples * _window(len(samples)), _BINS)) ** 2
    total = float(power.sum())
    if total == 0.0:
        return False
    return _take_peak(power) + _take_peak(power) >= TONE_SHARE * total


def _take_peak(power: NDArray[np.float64]) -> float:
    """Cut the strongest peak out of a spectrum; its energy, 0 when it is no tone's."""
    peak = int(power.argmax())
    around = slice(max(0, peak - _REACH), peak + _REACH + 1)
    energy = float(power[around].sum()) if peak * _BIN_HZ >= LOWEST_HZ else 0.0
    power[around] = 0.0
    return energy


@functools.lru_cache(maxsize=8)
def _window(length: int) -> NDArray[np.float64]:
    return np.hanning(length)


_REACH: Final = round(_HALF_WIDTH_HZ / _BIN_HZ)
