"""Cutting an utterance into phrases, so that each one sounds while the next is still being rendered. Pure."""

from __future__ import annotations

import re

_LONGEST = 44  # characters: about 2.5 s of speech, and a third of a second of work for the neural voice
_SHORTEST = 16
# After a sentence's end, also before a closing quotation mark; not in "7.30", nor after a single letter ("a.m.").
_SENTENCE_END = re.compile(r"(?<=[^\s.][^\s.][.!?…:;])(?=\s)|(?<=[.!?…][\"”’)])(?=\s)|(?<=\n)")
_BREATH = re.compile(r"(?<=[,;:–—])(?=\s)")
_NO_SENTENCE_END = re.compile(r"\b(Dr|Mr|Mrs|Ms|St|No|vs|etc)\.$", re.IGNORECASE)


def whole(words: str) -> list[str]:
    """Everything in one piece."""
    return [words]


def phrases(words: str) -> list[str]:
    """Sentences, and long ones cut at their commas. Joined they are the words again.

    Every phrase is cut as if it were the first one, so that what is left of an utterance has the same phrases.
    """
    found: list[str] = []
    for piece in _SENTENCE_END.split(words):
        if found and (_NO_SENTENCE_END.search(found[-1]) or not piece.strip()):
            found[-1] += piece
        elif piece:
            found.append(piece)
    return [breath for sentence in found for breath in _breaths(sentence)] or [words]


def _breaths(sentence: str) -> list[str]:
    """A sentence in one piece if it is short, else cut at commas, no piece being very short."""
    if len(sentence) <= _LONGEST:
        return [sentence]
    for breath in _BREATH.finditer(sentence):
        if _SHORTEST <= breath.start() <= len(sentence) - _SHORTEST:
            return [sentence[: breath.start()], *_breaths(sentence[breath.start() :])]
    return [sentence]
