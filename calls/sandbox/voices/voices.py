"""Voices: words in, samples out. Whoever has none for a language plays a marked substitute and says so."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from calls.conversation import ulaw

logger = logging.getLogger(__name__)

_CACHED_RENDERINGS = 200


@dataclass(frozen=True, slots=True)
class Rendering:
    """Speech: 16-bit samples, `rate` of them a second. `remark`: what readers of the words should know of the sound."""

    samples: NDArray[np.int16]
    rate: int
    remark: str = ""

    def at_rate(self, rate: int) -> NDArray[np.int16]:
        """The samples at another rate; the very same ones where it is the same."""
        if rate == self.rate or not len(self.samples):
            return self.samples
        resampled: NDArray[np.int16] = soxr.resample(self.samples, self.rate, rate)
        return resampled

    def as_ulaw(self) -> bytes:
        """As a telephone carries it."""
        return ulaw.encode(self.at_rate(ulaw.SAMPLE_RATE))


class Voice(Protocol):
    """Something that speaks. `voice` is one of OpenAI's names (`marin`, …), for those who can tell them apart."""

    async def speak(self, words: str, *, voice: str) -> Rendering:
        """The words as sound. Raises `CannotSpeak`."""
        ...


class CannotSpeak(Exception):
    """This voice can't say these words; the message says why."""


class FirstAbleVoice:
    """Asks one voice after the other, and logs once when the first one can't."""

    def __init__(self, *voices: Voice) -> None:
        self._voices = voices
        self._complaints: set[str] = set()

    async def speak(self, words: str, *, voice: str) -> Rendering:
        """See `Voice`."""
        reason = CannotSpeak("no voice is installed")
        for each in self._voices:
            try:
                return await each.speak(words, voice=voice)
            except CannotSpeak as error:
                reason = error
                if str(error) not in self._complaints:
                    self._complaints.add(str(error))
                    logger.warning("Sandbox voice: %s. A substitute takes its place.", error)
        raise reason


class CachedVoice:
    """Renders the same words once, also when they are asked for twice at the same time."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._renderings: OrderedDict[tuple[str, str], asyncio.Future[Rendering]] = OrderedDict()

    async def speak(self, words: str, *, voice: str) -> Rendering:
        """See `Voice`."""
        key = (words, voice)
        rendering = self._renderings.get(key)
        if rendering is None:
            rendering = self._renderings[key] = asyncio.ensure_future(self._voice.speak(words, voice=voice))
            if len(self._renderings) > _CACHED_RENDERINGS:
                self._renderings.popitem(last=False)
        try:
            return await asyncio.shield(rendering)
        except CannotSpeak:
            self._renderings.pop(key, None)
            raise
