"""Cutting an utterance into phrases, so that the first one sounds while the others are still being rendered. Pure."""

from __future__ import annotations

import re

_LONGEST_FIRST = 60  # characters: about 3.5 s of speech, and half a second of work for the neural voice
_SHORTEST_FIRST = 16
# After a sentence's end, also before a closing quotation mark; not in "7.30", nor after a single letter ("a.m.").
_SENTENCE_END = re.compile(r"(?<=[^\s.][^\s.][.!?…:;])(?=\s)|(?<=[.!?…][\"”’)])(?=\s)|(?<=\n)")
_BREATH = re.compile(r"(?<=[,;:–—])(?=\s)")
_NO_SENTENCE_END = re.compile(r"\b(Dr|Mr|Mrs|Ms|St|No|vs|etc)\.$", re.IGNORECASE)


def whole(words: str) -> list[str]:
    """Everything in one piece."""
    return [words]


def phrases(words: str) -> list[str]:
    """Sentences, and the first one cut at a comma if it is long. Joined they are the words again."""
    found: list[str] = []
    for piece in _SENTENCE_END.split(words):
        if found and (_NO_SENTENCE_END.search(found[-1]) or not piece.strip()):
            found[-1] += piece
        elif piece:
            found.append(piece)
    return [*_first_breath(found[0]), *found[1:]] if found else [words]


def _first_breath(sentence: str) -> list[str]:
    if len(sentence) <= _LONGEST_FIRST:
        return [sentence]
    for breath in _BREATH.finditer(sentence):
        if _SHORTEST_FIRST <= breath.start() <= len(sentence) - _SHORTEST_FIRST:
            return [sentence[: breath.start()], sentence[breath.start() :]]
    return [sentence]
