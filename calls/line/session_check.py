"""What OpenAI has accepted of a session's configuration, held against what was asked, and what it says when it refuses.

Audio in another format than the telephone's is static to the caller, and what the caller says is static to the model:
such a session is not used. Every other difference is only logged: the conversation copes with it (a response that
nobody asked for is cancelled, a turn that is never committed is committed by us).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from calls.openai_messages import error_text, object_in

WRONG_FORMAT: Final = "wrong_audio_format"
"""The reason of a session that is not used, for the call's record."""
LONGEST_MESSAGE: Final = 200
"""Characters of OpenAI's own words that are logged. They name parameters and values, never what was said."""
_FORMATS: Final = ("audio.input.format.type", "audio.output.format.type")
_COMPARED: Final = (
    *_FORMATS,
    "audio.output.voice",
    "audio.input.turn_detection.type",
    "audio.input.turn_detection.create_response",
    "audio.input.turn_detection.interrupt_response",
    "audio.input.turn_detection.silence_duration_ms",
    "audio.input.transcription.model",
)
_SECRETS: Final = re.compile(r"\b(sk|ek|Bearer)[-_ ][^\s'\",]+")


def differences(asked: Mapping[str, Any], accepted: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    """Yields what a `session.updated` says otherwise than was asked: the path, what was asked, what is so.

    What the server doesn't tell counts as accepted.
    """
    for path in _COMPARED:
        wanted, found = _at(asked, path), _at(accepted, path)
        if wanted is not None and found is not None and found != wanted:
            yield path, wanted, found


def is_static(path: str) -> bool:
    """Tell whether a difference in this place makes static of the call's audio."""
    return path in _FORMATS


def _at(session: Mapping[str, Any], path: str) -> object:
    value: object = session
    for name in path.split("."):
        value = object_in(value).get(name)
    return value


def in_few_words(message: Mapping[str, Any]) -> str:
    """Returns an `error` event for the log: parameter and message, without secrets and of bounded length."""
    error = object_in(message.get("error"))
    said = " ".join(_SECRETS.sub(r"\1-…", error_text(message)).split())
    return f"code={error.get('code')} param={error.get('param')} {said[:LONGEST_MESSAGE]}".rstrip()
