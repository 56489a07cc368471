"""The speech edge: OpenAI's speech endpoint, text in, telephone samples out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr
from django.conf import settings
from numpy.typing import NDArray

from calls.audio.ulaw import SAMPLE_RATE
from calls.errors import SpeechFailed
from calls.instructions import LANGUAGE_NAMES

if TYPE_CHECKING:
    from openai import APIStatusError

_PCM_RATE = 24000  # OpenAI: "pcm" is 24 kHz, 16 bits signed, little-endian, one channel, no header
_TIMEOUT_S = 45.0
_PASSING_STATUSES = {408, 409, 425, 429}
# OpenAI answers 429 both for "too fast" and for "not paid": only the first passes by itself.
_NEEDS_A_PERSON = {"insufficient_quota", "billing_hard_limit_reached", "account_deactivated"}


def manner(language: str) -> str:
    """How the words are to be spoken; part of what a greeting's content hash covers."""
    return (
        f"Speak {LANGUAGE_NAMES.get(language, language)}, warmly, calmly and clearly, like a receptionist on the phone."
    )


def synthesize(*, text: str, voice: str, language: str) -> NDArray[np.int16]:
    """The words spoken, as 16-bit samples at 8 kHz, not yet checked. Raises `SpeechFailed`."""
    import openai  # noqa: PLC0415 - a second of loading, and most processes (every command) never speak

    try:
        with openai.OpenAI(
            api_key=settings.OPENAI_API_KEY or "sandbox",
            base_url=settings.OPENAI_BASE_URL,
            timeout=_TIMEOUT_S,
            max_retries=0,  # the row's own attempts are the retries
        ) as client:
            answer = client.audio.speech.create(
                model=settings.OPENAI_SPEECH_MODEL,
                voice=voice,
                input=text,
                instructions=manner(language),
                response_format="pcm",
            )
            pcm = answer.content
    except openai.APITimeoutError:
        raise SpeechFailed(f"the speech service did not answer within {_TIMEOUT_S:.0f} seconds") from None
    except openai.APIConnectionError as error:
        raise SpeechFailed(f"the speech service could not be reached: {error}") from error
    except openai.APIStatusError as error:
        raise _status_failure(error) from error
    return _telephone_samples(pcm)


def _status_failure(error: APIStatusError) -> SpeechFailed:
    needs_a_person = error.status_code == 429 and error.code in _NEEDS_A_PERSON
    passing = error.status_code in _PASSING_STATUSES or error.status_code >= 500
    said = error.body.get("message") if isinstance(error.body, dict) else error.message
    return SpeechFailed(
        f"the speech service refused with {error.status_code}: {said}"[:280],
        permanent=needs_a_person or not passing,
    )


def _telephone_samples(pcm: bytes) -> NDArray[np.int16]:
    if len(pcm) % 2:
        raise SpeechFailed("the speech service sent half a sample: the answer was cut off or is no PCM")
    if not pcm:
        raise SpeechFailed("the speech service sent no audio")
    samples: NDArray[np.int16] = soxr.resample(np.frombuffer(pcm, "<i2"), _PCM_RATE, SAMPLE_RATE)
    return samples
