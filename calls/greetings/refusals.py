"""What OpenAI's refusals mean for a greeting."""

from __future__ import annotations

from typing import Final

from calls.errors import SpeechFailed, SpeechFault
from calls.openai_errors import HttpError

_LONGEST_SAID: Final = 200
"""Characters kept of what OpenAI says about a refusal."""


def speech_refused(found: HttpError) -> SpeechFailed:
    """Returns the failure of a greeting that OpenAI refused to speak."""
    return SpeechFailed(
        SpeechFault.REFUSED,
        permanent=found.meaning.is_permanent,
        retry_after_s=found.retry_after_s,
        status=found.status,
        meaning=found.meaning,
        said=found.said[:_LONGEST_SAID],
    )
