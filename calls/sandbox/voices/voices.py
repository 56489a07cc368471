"""Voices: words in, samples out."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from calls.audio import ulaw

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rendering:
    """Speech: 16-bit samples, `rate` of them a second. `remark`: what readers of the words should know of the sound."""

    samples: NDArray[np.int16]
    rate: int
    remark: str = ""

    def at_rate(self, rate: int) -> NDArray[np.int16]:
        """Returns the samples at another rate; the very same ones where it is the same."""
        if rate == self.rate or not len(self.samples):
            return self.samples
        resampled: NDArray[np.int16] = soxr.resample(self.samples, self.rate, rate)
        return resampled

    def as_ulaw(self) -> bytes:
        """Returns the sound as a telephone carries it."""
        return ulaw.encode(self.at_rate(ulaw.SAMPLE_RATE))


class Voice(Protocol):
    """Something that speaks. `voice` is one of OpenAI's names (`marin`, …), or `caller`."""

    async def speak(self, words: str, *, voice: str) -> Rendering:
        """Returns the words as sound. Raises `CannotSpeak`."""
        ...


class CannotSpeak(Exception):
    """This voice can't say these words; the message says why."""


class VoiceOrSubstitute:
    """Asks a voice, and where that can't speak another one; the log says once why."""

    def __init__(self, voice: Voice, substitute: Voice) -> None:
        self._voice, self._substitute = voice, substitute
        self._complaints: set[str] = set()

    async def speak(self, words: str, *, voice: str) -> Rendering:
        """See `Voice`."""
        try:
            return await self._voice.speak(words, voice=voice)
        except CannotSpeak as error:
            if str(error) not in self._complaints:
                self._complaints.add(str(error))
                logger.warning("Sandbox voice: %s. A substitute takes its place.", error)
            return await self._substitute.speak(words, voice=voice)
