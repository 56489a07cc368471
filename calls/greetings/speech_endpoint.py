"""OpenAI's speech endpoint: text in, telephone samples out. OpenAI's own models for it end on 2027-01-06."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from calls.audio.ulaw import SAMPLE_RATE
from calls.errors import SpeechFailed, SpeechFault
from calls.greetings.refusals import speech_refused
from calls.instructions import manner
from calls.openai_http import openai_client, refusal

_PCM_RATE = 24000  # OpenAI: "pcm" is 24 kHz, 16 bits signed, little-endian, one channel, no header
_TIMEOUT_S = 45.0


def synthesize(*, text: str, voice: str, language: str, model: str) -> NDArray[np.int16]:
    """Returns the spoken words as 16-bit samples at 8 kHz, not yet checked. Raises `SpeechFailed`."""
    import openai  # noqa: PLC0415 - a second of loading, and most processes (every command) never speak

    try:
        with openai_client(timeout_s=_TIMEOUT_S) as client:
            answer = client.audio.speech.create(
                model=model, voice=voice, input=text, instructions=manner(language), response_format="pcm"
            )
            pcm = answer.content
    except openai.APITimeoutError:
        raise SpeechFailed(SpeechFault.TIMEOUT) from None
    except openai.APIConnectionError as error:
        raise SpeechFailed(SpeechFault.UNREACHABLE) from error
    except openai.APIStatusError as error:
        raise speech_refused(refusal(error)) from error
    return _telephone_samples(pcm)


def _telephone_samples(pcm: bytes) -> NDArray[np.int16]:
    if len(pcm) % 2:
        raise SpeechFailed(SpeechFault.CUT_OFF)  # half a sample: or it is no PCM at all
    if not pcm:
        raise SpeechFailed(SpeechFault.NO_AUDIO)
    samples: NDArray[np.int16] = soxr.resample(np.frombuffer(pcm, "<i2"), _PCM_RATE, SAMPLE_RATE)
    return samples
