"""Phrases that people refuse messages with, written down in short, and whether a text consists of them. Pure.

A phrase is a line of words; a line that begins with a bar goes on with the one above it. `(a|b c)` is a choice,
`[a|b c]` a choice that may be missing, and a name in capitals one of the language's sets of words (`SET?`: may be
missing, `SET*`: any number of them). "stop SENDING ME?" matches "stop sending" and "Stop messaging us!". A text matches
as a whole: every word of it has to belong to a phrase or to the words around phrases (`around`: please, hello, now), so
one word more makes it an ordinary sentence.

Matching takes one step for each word, whatever the text: people who write are strangers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from whatsapp.opt_outs.spelling import normalize

_PART = re.compile(r"\[([^\]]*)\]|\(([^)]*)\)|([A-Z][A-Z_]+)([?*]?)(?!\S)|(\S+)")
MOST_REMEMBERED = 20_000
"""Steps of earlier texts that are kept; they take the place of looking again."""


@dataclass(frozen=True, slots=True)
class Language:
    """What people of one language write: phrases (one in each line) and sets of words.

    everything  refuse all messages, whatever they answer
    marketing   refuse advertising only
    in_doubt    refuse all messages, but may also answer a question
    alone       likewise, or call off an appointment; divided by bars, nothing else may stand beside them
    around      what may stand before and after
    """

    everything: str
    marketing: str
    in_doubt: str
    alone: str
    around: str
    words: Mapping[str, str]


class Whole:
    """Recognizes texts that consist of some phrases and of what may stand around them, in any mix of languages.

    State 0 is the beginning, state 1 the end of a phrase; `_next` holds where a word leads to from a state, and
    `_free` where a state leads to without a word.
    """

    def __init__(self, languages: Iterable[Language], *kinds: str) -> None:
        self._next: list[dict[str, list[int]]] = [{}, {}]
        self._free: list[list[int]] = [[], [0]]
        for language in languages:
            for phrase in (line for kind in kinds for line in _lines(getattr(language, kind))):
                self._free[self._phrase(phrase, 0, language)].append(1)
            for around in _alternatives(language.around):
                for side in (0, 1):
                    self._free[self._phrase(around, side, language)].append(side)
        self._begin = self._reached([0])
        self._remembered: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def matches(self, said: str) -> bool:
        """Returns whether normalized words are such a text."""
        states = self._begin
        for word in said.split():
            states = self._step(states, word)
            if not states:
                return False
        return 1 in states

    def _step(self, states: frozenset[int], word: str) -> frozenset[int]:
        key = (states, word)
        known = self._remembered.get(key)
        if known is None:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            known = self._reached(to for state in states for to in self._next[state].get(word, ()))
            if known:
                self._remembered[key] = known
        return known

    def _reached(self, states: Iterable[int]) -> frozenset[int]:
        found: set[int] = set()
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            if state not in found:
                found.add(state)
                waiting += self._free[state]
        return frozenset(found)

    def _new(self) -> int:
        self._next.append({})
        self._free.append([])
        return len(self._next) - 1

    def _phrase(self, phrase: str, state: int, language: Language) -> int:
        """Add a phrase that begins at a state. Returns the state where it ends."""
        for optional, choice, name, times, word in _PART.findall(phrase):
            if word:
                state = self._spell(word, state)
            else:
                among = language.words[name] if name else choice or optional
                state = self._choice(among, state, language, times="?" if optional else times)
        return state

    def _spell(self, written: str, state: int) -> int:
        for word in normalize(written).split():
            end = self._new()
            self._next[state].setdefault(word, []).append(end)
            state = end
        return state

    def _choice(self, among: str, state: int, language: Language, *, times: str) -> int:
        begin, end = self._new(), self._new()
        self._free[state].append(begin)
        for each in _alternatives(among):
            self._free[self._phrase(each, begin, language)].append(end)
        if times:
            self._free[begin].append(end)
        if times == "*":
            self._free[end].append(begin)
        return end


def _lines(written: str) -> list[str]:
    joined = re.sub(r"\n\s*\|", "|", written)
    return [line for line in joined.splitlines() if line.strip()]


def _alternatives(written: str) -> Sequence[str]:
    return [each.strip() for each in written.split("|") if each.strip()]
