"""Silero's neural network for telephone audio: how likely windows of 32 ms are speech. Pure: arrays in, arrays out.

Version 6.2 at 8 kHz (MIT, silero_8khz.LICENSE), computed by numpy: a spectrum of each window, four convolutions over
its four moments, a recurrent layer that remembers the call, a sigmoid. Windows of several calls are judged together,
as the weights are then read once for all of them. onnxruntime, which the model is made for, takes two to three times
as long for networks so small (docs/decisions/0153-silero-by-numpy.md), and says the same (`test_silero.py`).

Convolutions are products of matrices here: what a filter sees at one place lies in one row, tap after tap. Silence
around the window is left out where a filter would multiply it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WINDOW: Final = 256
"""Samples that are judged at once: 32 ms."""
CONTEXT: Final = 32
"""Samples of the window before, which are seen again."""
FEATURES: Final = 128
"""Numbers that the recurrent layer gets of a window."""
MEMORY: Final = 256
"""Numbers that are remembered of a call: what the recurrent layer said, and its cells."""

_WEIGHTS: Final = Path(__file__).with_name("silero_8khz.npz")
_PADDING: Final = 32
_SPECTRUM, _STEP, _BINS = 128, 64, 65
_MOMENTS: Final = 4
_CELLS: Final = 128
_FIRST, _SECOND, _THIRD = 128, 64, 64
"""Filters of the convolutions. The fourth has `FEATURES`."""


class Silero:
    """The network with its weights. Raises `OSError` or `ValueError` where their file is damaged."""

    def __init__(self) -> None:
        with np.load(_WEIGHTS) as weights:
            self._spectrum = np.ascontiguousarray(weights["stft.forward_basis_buffer"][:, 0].T)
            self._first, self._first_bias = _filters(weights, 0)
            self._second, self._second_bias = _filters(weights, 1)
            third, self._third_bias = _filters(weights, 2)
            fourth, self._fourth_bias = _filters(weights, 3)
            # The third sees silence and the two moments that are left, the fourth one moment between silences.
            self._third, self._fourth = third[-2 * _SECOND :].copy(), fourth[_THIRD : 2 * _THIRD].copy()
            into, again = weights["decoder.rnn.weight_ih"].T, weights["decoder.rnn.weight_hh"].T
            bias = weights["decoder.rnn.bias_ih"] + weights["decoder.rnn.bias_hh"]
            # Gates: input, forget, cell, output. A sigmoid is half a tanh of half its argument, plus a half.
            halves = np.full(4 * _CELLS, 0.5, np.float32)
            halves[2 * _CELLS : 3 * _CELLS] = 1.0
            self._gates, self._gates_bias = np.ascontiguousarray(np.concatenate([into, again]) * halves), bias * halves
            self._last = weights["decoder.decoder.2.weight"][0, :, 0].copy()
            self._last_bias = float(weights["decoder.decoder.2.bias"][0])

    def features(self, samples: Floats) -> Floats:
        """Returns what the network sees in `n` windows, (n, FEATURES). What came before a window doesn't matter.

        `samples`: (n, CONTEXT + WINDOW), -1 to 1.
        """
        n = len(samples)
        padded = np.empty((n, CONTEXT + WINDOW + _PADDING), np.float32)
        padded[:, :-_PADDING] = samples
        padded[:, -_PADDING:] = samples[:, -2 : -_PADDING - 2 : -1]  # mirrored at the last sample
        waves = _rows(padded, _MOMENTS, _SPECTRUM, _STEP) @ self._spectrum
        waves *= waves
        waves = waves.reshape(n, _MOMENTS, 2 * _BINS)
        energies = np.zeros((n, _MOMENTS + 2, _BINS), np.float32)  # silence before and after
        np.sqrt(waves[:, :, :_BINS] + waves[:, :, _BINS:], out=energies[:, 1:-1])
        first = _rows(energies.reshape(n, -1), _MOMENTS, 3 * _BINS, _BINS) @ self._first
        first += self._first_bias
        framed = np.zeros((n, _MOMENTS + 1, _FIRST), np.float32)  # every second moment: none sees what comes after
        np.maximum(first.reshape(n, _MOMENTS, _FIRST), 0, out=framed[:, 1:])
        second = _rows(framed.reshape(n, -1), 2, 3 * _FIRST, 2 * _FIRST) @ self._second
        second += self._second_bias
        third = _positive(second).reshape(n, 2 * _SECOND) @ self._third
        third += self._third_bias
        fourth = _positive(third) @ self._fourth
        fourth += self._fourth_bias
        return _positive(fourth)

    def judge(self, features: Floats, memories: Floats) -> tuple[Floats, Floats]:
        """Judge one window of each of `n` calls, by its features, (n, FEATURES).

        `memories`: (n, MEMORY), what the call's window before this one left behind; zeros at first. Returns the
        probabilities, (n,), and the new memories.
        """
        gates = np.concatenate([features, memories[:, :_CELLS]], axis=1) @ self._gates
        gates += self._gates_bias
        np.tanh(gates, out=gates)
        let_in, keep, new, let_out = (gates[:, start : start + _CELLS] for start in range(0, 4 * _CELLS, _CELLS))
        now = np.empty((len(features), MEMORY), np.float32)
        said, cells = now[:, :_CELLS], now[:, _CELLS:]
        np.multiply(keep + 1, memories[:, _CELLS:], out=cells)
        cells += (let_in + 1) * new
        cells *= 0.5
        np.multiply(let_out + 1, np.tanh(cells), out=said)
        said *= 0.5
        return 1 / (1 + np.exp(-(np.maximum(said, 0) @ self._last + self._last_bias))), now


def _filters(weights: Mapping[str, Floats], number: int) -> tuple[Floats, Floats]:
    """Returns the filters of a convolution, one in each column, tap after tap; and their bias."""
    taps = weights[f"encoder.{number}.reparam_conv.weight"]  # filters, channels, taps
    return taps.transpose(2, 1, 0).reshape(-1, len(taps)), weights[f"encoder.{number}.reparam_conv.bias"]


def _rows(flat: Floats, places: int, size: int, step: int) -> Floats:
    """Returns what a filter sees at each of some places of each row: (rows × places, size)."""
    row, number = flat.strides
    seen = as_strided(flat, (len(flat), places, size), (row, step * number, number))
    return np.ascontiguousarray(seen).reshape(-1, size)


def _positive(values: Floats) -> Floats:
    return np.maximum(values, 0, out=values)
