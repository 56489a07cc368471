"""G.711 µ-law, the audio of telephones: 8,000 samples a second, one byte each, silence is 0xFF.

16-bit linear samples on the other side. (ITU-T G.711, as the 14-bit code scaled to 16 bits.)
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.13 has it no more; there it comes by audioop-lts
    import audioop

SAMPLE_RATE = 8000
SILENCE = b"\xff"
VERSION = 1
"""Part of the greeting's content hash: raise it when encoding changes, and every greeting is rendered again."""

_BIAS = 0x84
_LARGEST = 32635


def _build_decoding() -> NDArray[np.int16]:
    inverted = ~np.arange(256, dtype=np.int32) & 0xFF
    exponent, mantissa = (inverted >> 4) & 7, inverted & 0x0F
    magnitude = (((mantissa << 3) + _BIAS) << exponent) - _BIAS
    return np.where(inverted & 0x80, -magnitude, magnitude).astype(np.int16)


def _build_encoding() -> NDArray[np.uint8]:
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    biased = np.minimum(np.abs(samples), _LARGEST) + _BIAS
    exponent = np.floor(np.log2(biased)).astype(np.int32) - 7
    mantissa = (biased >> (exponent + 3)) & 0x0F
    sign = np.where(samples < 0, 0x80, 0)
    codes = ~(sign | (exponent << 4) | mantissa) & 0xFF
    return np.asarray(codes, np.uint8)


_DECODING = _build_decoding()
_ENCODING = _build_encoding()
_UNIT = (_DECODING / 32768).astype(np.float32)
_LEVEL_BYTES = 160


def encode(samples: NDArray[np.int16]) -> bytes:
    """16-bit samples at 8 kHz as µ-law, one byte a sample."""
    return _ENCODING[samples.view(np.uint16)].tobytes()


def decode(payload: bytes) -> NDArray[np.int16]:
    """µ-law as 16-bit samples at 8 kHz."""
    return _DECODING[np.frombuffer(payload, np.uint8)]


def decode_to_unit(payload: bytes) -> NDArray[np.float32]:
    """µ-law as samples from -1 to 1 at 8 kHz, as neural networks take them."""
    return _UNIT[np.frombuffer(payload, np.uint8)]


def levels(payload: bytes) -> tuple[int, ...]:
    """Returns the energy of every 20 ms of µ-law audio, as `rms` measures it; the last step may be shorter."""
    return tuple([rms(payload[start : start + _LEVEL_BYTES]) for start in range(0, len(payload), _LEVEL_BYTES)])


def rms(payload: bytes) -> int:
    """Returns the energy of µ-law audio as 16-bit rms, rounded down; 0 for no audio. Called for every frame."""
    return audioop.rms(audioop.ulaw2lin(payload, 2), 2)
