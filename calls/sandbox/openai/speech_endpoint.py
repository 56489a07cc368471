"""`POST /v1/audio/speech` as OpenAI answers it: words in, 24 kHz 16-bit samples out."""

from __future__ import annotations

import io
import re
import wave
from typing import Any

from aiohttp import web

from calls.sandbox.openai.http_bodies import error, read
from calls.sandbox.voices.voices import Voice

_RATE = 24000
_MAX_CHARACTERS = 4096
_TYPES = {"pcm": "audio/pcm", "wav": "audio/wav"}
_NAMES = re.compile(r"[a-z][a-z0-9_-]*")


class SpeechEndpoint:
    """Speaks with one voice."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        wanted = await read(request, "model", "input", "voice")
        if isinstance(wanted, web.Response):
            return wanted
        if refusal := _refusal(wanted):
            return refusal
        rendering = await self._voice.speak(wanted["input"], voice=wanted["voice"])
        pcm = rendering.at_rate(_RATE).astype("<i2").tobytes()
        audio_format = wanted.get("response_format", "mp3")
        body = pcm if audio_format == "pcm" else _as_wav(pcm)
        return web.Response(body=body, content_type=_TYPES[audio_format])


def _refusal(wanted: dict[str, Any]) -> web.Response | None:
    if len(wanted["input"]) > _MAX_CHARACTERS:
        message = f"Invalid 'input': string too long. Expected at most {_MAX_CHARACTERS} characters."
        return error(400, message, code="string_above_max_length", param="input")
    if not _NAMES.fullmatch(wanted["voice"]):
        return error(400, f"Invalid value: '{wanted['voice']}'.", code="invalid_value", param="voice")
    if wanted.get("response_format", "mp3") not in _TYPES:
        message = "This stand-in makes response_format pcm and wav only."
        return error(400, message, code="invalid_value", param="response_format")
    return None


def _as_wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(_RATE)
        wav.writeframes(pcm)
    return file.getvalue()
