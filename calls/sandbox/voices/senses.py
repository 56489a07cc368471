"""What the stand-in speaks and hears with on this machine: the voice joe and Whisper, or their substitutes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from calls.sandbox.voices.babble import BabbleVoice
from calls.sandbox.voices.ears import Listener
from calls.sandbox.voices.joe import JoeModel, JoeVoice
from calls.sandbox.voices.voices import CannotSpeak, Rendering, Voice, VoiceOrSubstitute
from calls.sandbox.voices.whisper import CannotListen, WhisperListener, WhisperModel
from calls.sandbox.voices.worker import Worker

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Senses:
    """A voice and ears."""

    voice: Voice
    listener: Listener


@asynccontextmanager
async def senses() -> AsyncIterator[Senses]:
    """Returns voice and ears at once; requests to them wait until their models are loaded.

    The log says when they are loaded, and which substitute is used for a model that can't be loaded.
    """
    speaking, hearing = Worker("voice", JoeModel), Worker("ears", WhisperModel)
    loading = [
        asyncio.create_task(_load("the voice joe", speaking, otherwise="a substitute sounds")),
        asyncio.create_task(_load("ears for English", hearing, otherwise="callers' words are not understood")),
    ]
    try:
        yield Senses(VoiceOrSubstitute(JoeVoice(speaking), BabbleVoice()), WhisperListener(hearing))
    finally:
        for task in loading:
            task.cancel()
        speaking.close()
        hearing.close()


async def _load(what: str, worker: Worker[Any], *, otherwise: str) -> None:
    began = time.monotonic()
    try:
        await worker.ask(lambda model: None)
    except (CannotSpeak, CannotListen) as error:
        logger.warning("Sandbox: %s: %s.", error, otherwise)
    else:
        logger.info("Sandbox: loaded %s in %.1f s.", what, time.monotonic() - began)


async def spoken(*utterances: str, voice: str) -> list[Rendering]:
    """Returns utterances in the best voice of this machine, which is loaded for them."""
    worker = Worker("voice", JoeModel)
    try:
        able = VoiceOrSubstitute(JoeVoice(worker), BabbleVoice())
        return [await able.speak(words, voice=voice) for words in utterances]
    finally:
        worker.close()
