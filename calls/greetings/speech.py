"""The speech edge: OpenAI's speech endpoint, text in, telephone samples out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr
from django.conf import settings
from numpy.typing import NDArray

from calls.audio.ulaw import SAMPLE_RATE
from calls.errors import SpeechFailed, SpeechFault
from calls.instructions import LANGUAGE_NAMES
from calls.openai_http import openai_client, refusal

if TYPE_CHECKING:
    from openai import APIStatusError

_PCM_RATE = 24000  # OpenAI: "pcm" is 24 kHz, 16 bits signed, little-endian, one channel, no header
_TIMEOUT_S = 45.0
_LONGEST_SAID = 200
"""Characters kept of what OpenAI says about a refusal."""


def manner(language: str) -> str:
    """Returns how the words are to be spoken; the greeting's content hash covers it."""
    return (
        f"Speak {LANGUAGE_NAMES.get(language, language)}, warmly, calmly and clearly, like a receptionist on the phone."
    )


def synthesize(*, text: str, voice: str, language: str) -> NDArray[np.int16]:
    """Returns the spoken words as 16-bit samples at 8 kHz, not yet checked. Raises `SpeechFailed`."""
    import openai  # noqa: PLC0415 - a second of loading, and most processes (every command) never speak

    try:
        with openai_client(timeout_s=_TIMEOUT_S) as client:
            answer = client.audio.speech.create(
                model=settings.OPENAI_SPEECH_MODEL,
                voice=voice,
                input=text,
                instructions=manner(language),
                response_format="pcm",
            )
            pcm = answer.content
    except openai.APITimeoutError:
        raise SpeechFailed(SpeechFault.TIMEOUT) from None
    except openai.APIConnectionError as error:
        raise SpeechFailed(SpeechFault.UNREACHABLE) from error
    except openai.APIStatusError as error:
        raise _status_failure(error) from error
    return _telephone_samples(pcm)


def _status_failure(error: APIStatusError) -> SpeechFailed:
    found = refusal(error)
    return SpeechFailed(
        SpeechFault.REFUSED,
        permanent=found.meaning.is_permanent,
        retry_after_s=found.retry_after_s,
        status=found.status,
        meaning=found.meaning,
        said=found.said[:_LONGEST_SAID],
    )


def _telephone_samples(pcm: bytes) -> NDArray[np.int16]:
    if len(pcm) % 2:
        raise SpeechFailed(SpeechFault.CUT_OFF)  # half a sample: or it is no PCM at all
    if not pcm:
        raise SpeechFailed(SpeechFault.NO_AUDIO)
    samples: NDArray[np.int16] = soxr.resample(np.frombuffer(pcm, "<i2"), _PCM_RATE, SAMPLE_RATE)
    return samples
