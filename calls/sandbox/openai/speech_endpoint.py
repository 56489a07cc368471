"""`POST /v1/audio/speech` as OpenAI answers it: words in, 24 kHz 16-bit samples out."""

from __future__ import annotations

import io
import re
import wave
from json import JSONDecodeError
from typing import Any

from aiohttp import web

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
        """Answer one request; what OpenAI refuses is refused in its words' shape."""
        if not request.headers.get("Authorization", "").removeprefix("Bearer").strip():
            return error(401, "You didn't provide an API key.", code=None)
        try:
            wanted = await request.json()
        except (JSONDecodeError, UnicodeDecodeError):
            return error(400, "We could not parse the JSON body of your request.", code=None)
        if refusal := _refusal(wanted):
            return refusal
        rendering = await self._voice.speak(wanted["input"], voice=wanted["voice"])
        pcm = rendering.at_rate(_RATE).astype("<i2").tobytes()
        audio_format = wanted.get("response_format", "mp3")
        body = pcm if audio_format == "pcm" else _as_wav(pcm)
        return web.Response(body=body, content_type=_TYPES[audio_format])


def error(status: int, message: str, *, code: str | None, param: str | None = None) -> web.Response:
    """An error as OpenAI's HTTP endpoints shape it."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return web.json_response({"error": {"message": message, "type": kind, "param": param, "code": code}}, status=status)


def _refusal(wanted: Any) -> web.Response | None:
    if not isinstance(wanted, dict):
        return error(400, "The body must be a JSON object.", code=None)
    for name in ("model", "input", "voice"):
        if not isinstance(wanted.get(name), str) or not wanted[name].strip():
            return error(400, f"Missing required parameter: '{name}'.", code="missing_required_parameter", param=name)
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
