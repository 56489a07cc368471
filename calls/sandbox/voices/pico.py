"""Pico, a small offline voice. It holds Python's global lock while it speaks, so it has a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import numpy as np

from calls.sandbox.voices.voices import CannotSpeak, Rendering

_PROGRAM = Path(__file__).with_name("pico_process.py")
_RATE = 16000
_TIMEOUT_S = 20.0
# OpenAI's voices as Pico can tell them apart: accent and pitch.
_VOICES = {"marin": ("en-US", 1.0), "cedar": ("en-US", 0.82), "caller": ("en-GB", 0.9)}
_OTHER = ("en-US", 0.92)
_VOLUME = 0.35  # about as loud as recorded telephone prompts; at its own volume it clips


class PicoVoice:
    """Speaks English. Its process starts with the first words and ends with this one."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def speak(self, words: str, *, voice: str) -> Rendering:
        """See `Voice`."""
        if importlib.util.find_spec("py_nanotts") is None:
            raise CannotSpeak("py-nanotts is not installed (pip install --no-deps -r requirements-sandbox.txt)")
        if not words.strip().isascii() and not any("a" <= letter <= "z" for letter in words.lower()):
            raise CannotSpeak("Pico speaks no Hebrew")
        accent, pitch = _VOICES.get(voice, _OTHER)
        request = json.dumps({"text": words, "voice": accent, "pitch": pitch, "volume": _VOLUME})
        async with self._turn:
            try:
                samples = await asyncio.wait_for(self._ask(request), _TIMEOUT_S)
            except (OSError, EOFError, TimeoutError) as error:
                await self.close()
                raise CannotSpeak(f"Pico's process failed ({type(error).__name__})") from error
        if not samples:
            raise CannotSpeak("Pico made no sound of these words")
        return Rendering(np.frombuffer(samples, "<i2").astype(np.int16), _RATE)

    async def _ask(self, request: str) -> bytes:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", str(_PROGRAM), stdin=PIPE, stdout=PIPE
            )
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None and answers is not None, "both are pipes"  # noqa: PT018, S101
        requests.write(request.encode() + b"\n")
        await requests.drain()
        size = int.from_bytes(await answers.readexactly(4), "big")
        return await answers.readexactly(size)

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
