"""What is said in a recording, as OpenAI hears it."""

from __future__ import annotations

import logging

from django.conf import settings

from calls.audio.wav import as_wav
from calls.errors import CallsError
from calls.openai_errors import Meaning
from calls.openai_http import openai_client, refusal
from calls.openai_models import takes_hints

logger = logging.getLogger(__name__)

_TIMEOUT_S = 45.0


class NotTranscribed(CallsError):
    """There are no words. `meaning`: of OpenAI's refusal, `OTHER` without an answer; None: there is no model."""

    def __init__(self, meaning: Meaning | None, *, retry_after_s: float = 0.0) -> None:
        super().__init__(meaning.value if meaning else "no model")
        self.meaning = meaning
        self.retry_after_s = retry_after_s


def transcribe(audio: bytes, *, language: str, names: tuple[str, ...] = ()) -> str | None:
    """Returns the words in µ-law audio; None where no transcription is to be had (no model, no answer)."""
    try:
        return heard(audio, language=language, names=names)
    except NotTranscribed as failure:
        logger.warning("A recording could not be transcribed: %s", failure)
        return None


def heard(audio: bytes, *, language: str, names: tuple[str, ...] = ()) -> str:
    """Returns the words in µ-law audio. Raises `NotTranscribed`."""
    import openai  # noqa: PLC0415 - a second of loading, and most processes (every command) never ask

    model = settings.OPENAI_TRANSCRIPTION_MODEL
    if not model:
        raise NotTranscribed(None)
    hints: dict[str, object] = {"language": language}
    if takes_hints(model):
        hints = {"languages": [language], **({"keywords": list(names)} if names else {})}
    try:
        with openai_client(timeout_s=_TIMEOUT_S) as client:
            answer = client.audio.transcriptions.create(
                file=("recording.wav", as_wav(audio)), model=model, response_format="json", extra_body=hints
            )
    except openai.APIStatusError as error:
        found = refusal(error)
        raise NotTranscribed(found.meaning, retry_after_s=found.retry_after_s) from None
    except openai.OpenAIError:
        raise NotTranscribed(Meaning.OTHER) from None
    return str(answer.text)
