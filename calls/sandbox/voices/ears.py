"""Listeners of the stand-in: they turn the caller's audio into a transcript."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from calls.audio import ulaw

_NO_WORDS = {"en": "[speech, {seconds:.1f} seconds]", "he": "[דיבור, {seconds:.1f} שניות]"}


class Listener(Protocol):
    """Something that turns speech into text. `listens_in_pauses`: before a turn is over, as it takes its time."""

    @property
    def listens_in_pauses(self) -> bool: ...  # noqa: D102 - see above

    async def transcribe(self, audio: bytes, *, language: str) -> str:
        """Returns the words in µ-law audio; sounds without words are described in brackets."""
        ...


class DeafListener:
    """Understands no words and says so: the transcript is only how long the caller's turn was."""

    listens_in_pauses = False

    async def transcribe(self, audio: bytes, *, language: str) -> str:
        """See `Listener`."""
        return _NO_WORDS.get(language, _NO_WORDS["en"]).format(seconds=len(audio) / ulaw.SAMPLE_RATE)


class ScriptedListener:
    """Hears what a scenario says, one entry a turn, and then what another listener hears."""

    def __init__(self, transcripts: Iterable[str], then: Listener) -> None:
        transcripts = tuple(transcripts)
        self._transcripts = iter(transcripts)
        self._then = then
        self.listens_in_pauses = then.listens_in_pauses and not transcripts  # one entry per turn, not one per pause

    async def transcribe(self, audio: bytes, *, language: str) -> str:
        """See `Listener`."""
        scripted = next(self._transcripts, None)
        return await self._then.transcribe(audio, language=language) if scripted is None else scripted
