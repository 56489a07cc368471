"""`POST /v1/audio/transcriptions` as OpenAI answers it: a WAV file in, its words out."""

from __future__ import annotations

import io
import wave

import numpy as np
import soxr
from aiohttp import web

from calls.audio import ulaw
from calls.sandbox.openai.http_bodies import error, has_key
from calls.sandbox.voices.ears import Listener


class TranscriptionEndpoint:
    """Listens with one listener; where that understands no words, the model is said to be missing."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        if not has_key(request):
            return error(401, "You didn't provide an API key.", code="invalid_api_key")
        form = await request.post()
        file = form.get("file")
        if not isinstance(file, web.FileField) or not form.get("model"):
            return error(400, "Missing required parameter.", code="missing_required_parameter")
        try:
            audio = _read(file.file.read())
        except (wave.Error, EOFError):
            return error(400, "This stand-in reads 16-bit WAV files only.", code="invalid_value", param="file")
        language = str(form.get("language") or form.get("languages[]") or "en")
        words = await self._listener.transcribe(audio, language=language)
        if words.startswith("["):
            return error(404, "This stand-in understands no speech in this language.", code="model_not_found")
        return web.json_response({"text": words, "usage": {"type": "duration", "seconds": len(audio) / 8000}})


def _read(content: bytes) -> bytes:
    with wave.open(io.BytesIO(content)) as wav:
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")
        rate = wav.getframerate()
    return ulaw.encode(samples if rate == ulaw.SAMPLE_RATE else soxr.resample(samples, rate, ulaw.SAMPLE_RATE))
