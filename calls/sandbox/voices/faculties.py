"""What the stand-in speaks and hears with on this machine: the best that is installed and that its memory allows."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from calls.sandbox.voices import joe, whisper
from calls.sandbox.voices.babble import BabbleVoice
from calls.sandbox.voices.background import Worker
from calls.sandbox.voices.listeners import Listener
from calls.sandbox.voices.pico import PicoVoice
from calls.sandbox.voices.voices import CannotSpeak, FirstAbleVoice, Voice
from calls.sandbox.voices.whisper import CannotListen, WhisperListener

T = TypeVar("T")

logger = logging.getLogger(__name__)

# Megabytes in use with both models, measured, and some to breathe (docs/performance.md).
_VOICE_MB, _ENGLISH_EARS_MB, _OTHER_EARS_MB = 500, 250, 450
_MEMORY = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class Senses:
    """A voice and ears."""

    voice: Voice
    listener: Listener


@asynccontextmanager
async def senses() -> AsyncIterator[Senses]:
    """Voice and ears, at once; what is asked of them waits until their models are loaded.

    The log says what is being loaded, and what there is instead of what can't be.
    """
    pico = PicoVoice()
    speaking = Worker("voice", _if_memory_allows(_VOICE_MB, joe.load, CannotSpeak))
    english = Worker("ears", _if_memory_allows(_ENGLISH_EARS_MB, whisper.load_english, CannotListen))
    other = Worker("ears-other", _if_memory_allows(_OTHER_EARS_MB, whisper.load_other, CannotListen))
    loading = [
        asyncio.create_task(_load(what, start, otherwise=otherwise))
        for what, start, otherwise in (
            ("the voice joe", speaking.start, "Pico speaks, or a substitute sounds"),
            ("ears for English (Whisper tiny.en)", english.start, "callers' words are not understood"),
        )
    ]
    try:
        yield Senses(FirstAbleVoice(joe.JoeVoice(speaking), pico, BabbleVoice()), WhisperListener(english, other))
    finally:
        for task in loading:
            task.cancel()
        for close in (speaking.close, english.close, other.close):
            close()
        await pico.close()


async def _load(what: str, start: Callable[[], Awaitable[None]], *, otherwise: str) -> None:
    logger.info("Sandbox: loading %s ...", what)
    began = time.monotonic()
    try:
        await start()
    except (CannotSpeak, CannotListen) as error:
        logger.warning("Sandbox: %s: %s.", error, otherwise)
    else:
        logger.info("Sandbox: loaded %s in %.1f s.", what, time.monotonic() - began)


def _if_memory_allows(megabytes: int, load: Callable[[], T], error: type[Exception]) -> Callable[[], T]:
    def loaded() -> T:
        free = available_mb()
        if free is not None and free < megabytes:
            raise error(f"{load.__module__.rpartition('.')[2]} needs {megabytes} MB of memory, which are not free")
        return load()

    return loaded


def available_mb() -> int | None:
    """How much memory programs can still have; None where the system doesn't say."""
    try:
        lines = _MEMORY.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable:")), None)
