"""What callers and the assistant say: recorded speech as µ-law, without its pauses, in pieces of 20 ms."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bench.town.frame_numbers import LETTERS, PIECE_BYTES
from calls.audio import ulaw
from calls.sandbox.telephone import wav_files

ROOT: Final = Path(__file__).resolve().parent.parent.parent
_NAMES: Final = ("one-moment-please", "nobody-is-available", "not-in-service", "hello")
_QUIET: Final = 200.0
SILENT: Final = b64encode(ulaw.SILENCE * PIECE_BYTES)[LETTERS:]
"""The base64 of a silent piece after the letters of its number."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Speech in pieces of 160 bytes, over and over. `letters`: their base64 after the letters of a number."""

    pieces: list[bytes]
    letters: list[bytes]

    def piece(self, number: int) -> bytes:
        """Returns the audio of a piece after the bytes of its number."""
        return self.pieces[number % len(self.pieces)][6:]

    def tail(self, number: int) -> bytes:
        """Returns the base64 of a piece after the letters of its number."""
        return self.letters[number % len(self.letters)]


def recorded() -> Speech:
    """Returns what the repository's recordings say, one after the other."""
    folder = ROOT / "tests" / "audio"
    audio = b"".join(wav_files.read_as_ulaw(folder / f"{name}.wav") for name in _NAMES)
    pieces = [audio[start : start + PIECE_BYTES] for start in range(0, len(audio) - PIECE_BYTES, PIECE_BYTES)]
    loud = [each for each in pieces if np.std(ulaw.decode(each)) > _QUIET]
    return Speech(loud, [b64encode(each)[LETTERS:] for each in loud])


def as_pcm(audio: bytes) -> bytes:
    """Returns µ-law as 16-bit samples at 24 kHz, OpenAI's other format."""
    return np.repeat(ulaw.decode(audio), 3).tobytes()


def is_loud(pcm: bytes) -> bool:
    """Returns whether a piece of 16-bit samples has a voice in it."""
    return bool(len(pcm) > 1 and np.frombuffer(pcm, np.int16, len(pcm) // 2).max() > 1000)
