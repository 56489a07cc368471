"""What is said in a recording, as OpenAI hears it."""

from __future__ import annotations

import logging

from django.conf import settings

from calls.audio.wav import as_wav
from calls.openai_http import openai_client
from calls.openai_models import takes_hints

logger = logging.getLogger(__name__)

_TIMEOUT_S = 45.0


def transcribe(audio: bytes, *, language: str, names: tuple[str, ...] = ()) -> str | None:
    """Returns the words in µ-law audio; None where no transcription is to be had (no model, no answer)."""
    import openai  # noqa: PLC0415 - a second of loading, and most processes (every command) never ask

    model = settings.OPENAI_TRANSCRIPTION_MODEL
    if not model:
        return None
    hints: dict[str, object] = {"language": language}
    if takes_hints(model):
        hints = {"languages": [language], **({"keywords": list(names)} if names else {})}
    try:
        with openai_client(timeout_s=_TIMEOUT_S) as client:
            answer = client.audio.transcriptions.create(
                file=("greeting.wav", as_wav(audio)), model=model, response_format="json", extra_body=hints
            )
    except openai.OpenAIError as error:
        logger.warning("A recording could not be transcribed: %s", type(error).__name__)
        return None
    return str(answer.text)
