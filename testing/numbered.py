"""A voice for tests: its audio survives µ-law unchanged, and a few bytes of it tell where in the utterance they are."""

from __future__ import annotations

import zlib

import numpy as np

from calls.audio import ulaw
from calls.sandbox.voices.voices import Rendering

_BYTES_PER_LETTER = 480  # 60 ms
# µ-law codes as loud as speech, both signs (rms about 2,000): never 0xFF or 0x7F, so no byte of it is silence.
_CODES = np.concatenate([np.arange(0xB0, 0xE0), np.arange(0x30, 0x60)]).astype(np.uint8)


def audio(words: str) -> bytes:
    """The µ-law audio of these words: different words have different audio, and no 16 bytes of it occur twice."""
    chance = np.random.default_rng(zlib.crc32(words.encode()))
    return chance.choice(_CODES, size=max(len(words), 1) * _BYTES_PER_LETTER).tobytes()


class NumberedVoice:
    """Speaks as `audio` says."""

    async def speak(self, words: str, *, voice: str) -> Rendering:
        """See `Voice`."""
        return Rendering(ulaw.decode(audio(words)), ulaw.SAMPLE_RATE)
