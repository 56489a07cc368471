"""Numbers within audio: which call a piece of 20 ms belongs to, and the how many-th of the call it is. Pure.

The first six µ-law bytes of a piece hold four bits each, as sounds too soft to be heard (at most 120 of 32,768), so
they are eight whole letters of its base64: whoever forwards the audio as it is carries them along.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Final

PIECE_BYTES: Final = 160
LETTERS: Final = 8
MOST_CALLS: Final = 1 << 10
MOST_PIECES: Final = 1 << 14
"""In one direction of a call: five minutes."""

_HALVES: Final = [
    bytes([0xFF ^ number >> 8, 0xFF ^ number >> 4 & 15, 0xFF ^ number & 15]) for number in range(MOST_CALLS * 4)
]
_WRITTEN: Final = [b64encode(half) for half in _HALVES]
_READ: Final = {written: number for number, written in enumerate(_WRITTEN)}


def audio(call: int, piece: int) -> bytes:
    """Returns the first six bytes of a piece. Calls count from 1: what looks like call 0 is silence."""
    return _HALVES[call << 2 | piece >> 12] + _HALVES[piece & 4095]


def letters(call: int, piece: int) -> bytes:
    """Returns the first eight letters of a piece's base64."""
    return _WRITTEN[call << 2 | piece >> 12] + _WRITTEN[piece & 4095]


def read(payload: bytes) -> tuple[int, int] | None:
    """Returns call and piece from the first letters of base64; None for silence and audio without a number."""
    high, low = _READ.get(payload[:4]), _READ.get(payload[4:8])
    if not high or low is None or high < 4:
        return None
    return high >> 2, (high & 3) << 12 | low
