"""Cutting an utterance into phrases, so that each one sounds while the next is still being rendered. Pure."""

from __future__ import annotations

import re

_LONGEST = 44  # characters: about 2.5 s of speech, and a third of a second of work for the neural voice
_SHORTEST = 16
# After a sentence's end; not in "7.30", nor after a single letter ("a.m.") or a title.
_SENTENCE_END = re.compile(r"(?<=[^\s.][^\s.][.!?…:;])(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bSt\.)(?=\s)|(?<=\n)")
_BREATH = re.compile(r"(?<=[,;:–—])(?=\s)")


def whole(words: str) -> list[str]:
    """Returns the utterance in one piece."""
    return [words]


def phrases(words: str) -> list[str]:
    """Returns sentences, and long ones cut at their commas. Joined they are the words again.

    Every phrase is cut as if it were the first one, so that what is left of an utterance has the same phrases.
    """
    sentences = filter(str.strip, _SENTENCE_END.split(words))
    return [breath for sentence in sentences for breath in _breaths(sentence)] or [words]


def _breaths(sentence: str) -> list[str]:
    """Returns a short sentence in one piece, and a long one cut at commas, no piece being very short."""
    if len(sentence) <= _LONGEST:
        return [sentence]
    for breath in _BREATH.finditer(sentence):
        if _SHORTEST <= breath.start() <= len(sentence) - _SHORTEST:
            return [sentence[: breath.start()], *_breaths(sentence[breath.start() :])]
    return [sentence]
