"""The ways in which a greeting can be spoken, in their order: when one is gone, the next is tried.

| the model of `OPENAI_SPEECH_MODEL` | first | then |
|---|---|---|
| a Realtime model (`gpt-realtime-2.1-mini`) | a Realtime session with it | one with the model that answers calls |
| any other (`gpt-4o-mini-tts`, another server's) | the speech endpoint | a Realtime session with the model of calls |

Accepted is only audio in which the written words are said: a Realtime model tells what it has said, word by word; what
the endpoint has read is transcribed where that is possible.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from calls.audio import ulaw
from calls.audio.greeting_quality import polish
from calls.errors import SpeechFailed, SpeechFault
from calls.greetings import realtime_voice, speech_endpoint, transcription
from calls.greetings.same_words import compare
from calls.models import GreetingSource
from calls.openai_errors import Meaning
from calls.openai_models import speaks_by_realtime

logger = logging.getLogger(__name__)

LONGEST_HEARD = 1000
"""Characters kept of what was heard instead of the written words."""
_OF_THE_ACCOUNT = {Meaning.NO_CREDIT, Meaning.NO_ACCESS}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A greeting as µ-law, how and by which model it was made, and what is said in it ("": nobody could tell)."""

    audio: bytes
    source: GreetingSource
    model: str
    heard: str


def speak(*, text: str, voice: str, language: str, names: tuple[str, ...] = ()) -> Spoken:
    """Returns the words as they will be heard. Raises `SpeechFailed`: the first way's failure, when all have failed."""
    failures = []
    for source, model in ways():
        try:
            return _by(source, model, text=text, voice=voice, language=language, names=names)
        except SpeechFailed as failure:
            logger.warning("a greeting could not be spoken by %s (%s): %s", source, model, failure.fault)
            failures.append(failure)
            if failure.detail.get("meaning") in _OF_THE_ACCOUNT:
                break
    first = failures[0]
    first.permanent = all(failure.permanent for failure in failures)
    raise first


def ways() -> Iterator[tuple[GreetingSource, str]]:
    """Returns the ways that this installation has, each with its model."""
    first, calls = settings.OPENAI_SPEECH_MODEL, settings.OPENAI_REALTIME_MODEL
    yield GreetingSource.REALTIME if speaks_by_realtime(first) else GreetingSource.ENDPOINT, first
    if calls and calls != first:
        yield GreetingSource.REALTIME, calls


def _by(source: GreetingSource, model: str, *, text: str, voice: str, language: str, names: tuple[str, ...]) -> Spoken:
    if source is GreetingSource.REALTIME:
        samples, heard = realtime_voice.synthesize(text=text, voice=voice, language=language, model=model)
        if not compare(written=text, said=heard).is_exact:
            raise SpeechFailed(SpeechFault.WORDS_DIFFER, heard=heard[:LONGEST_HEARD])
        return Spoken(ulaw.encode(polish(samples, text=text)), source, model, heard)
    samples = speech_endpoint.synthesize(text=text, voice=voice, language=language, model=model)
    audio = ulaw.encode(polish(samples, text=text))
    return Spoken(audio, source, model, check(audio, text=text, language=language, names=names) or "")


def check(audio: bytes, *, text: str, language: str, names: tuple[str, ...]) -> str | None:
    """Returns what is said in the audio, None where nobody can tell. Raises `SpeechFailed` for other words."""
    heard = transcription.transcribe(audio, language=language, names=names)
    if heard is not None and not compare(written=text, said=heard).is_alike:
        raise SpeechFailed(SpeechFault.WORDS_DIFFER, heard=heard[:LONGEST_HEARD])
    return heard
