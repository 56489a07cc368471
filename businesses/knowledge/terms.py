"""Words as a search compares them. Pure.

Neither database knows Hebrew's grammar (PostgreSQL's `simple` has no stems), so the few forms that matter are made
here: a Hebrew word is also looked for without the letters that are written onto its front (ב, ה, ו, כ, ל, מ, ש), and
words of both languages without the commonest endings. The index holds what `indexed` returns, and a query asks for
words that begin like those of `asked`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MOST_WORDS: Final = 12
"""Of a query."""
_FRONT: Final = "ושהכלבמ"
_MOST_FRONT: Final = 2
SHORTEST: Final = 3
"""Letters of a word that may stand for longer ones."""
_ENDINGS: Final = ("ing", "ies", "es", "ed", "s", "ים", "ות", "ה")
_FINAL: Final = str.maketrans("ךםןףץ", "כמנפצ")
_WORD: Final = re.compile(r"[^\W_]+")
_INSIDE: Final = re.compile(r"(?<=\w)['’׳\"״”](?=\w)")
_EMPTY: Final = frozenset(
    "a an and are at be by can do does for from have how i in is it me my of on or the there to we what when where "
    "which who will with you your "
    "אתם אני אנחנו את אפשר או אם איך איפה אצלכם באיזה הוא היא הם הן זה יש כמה לי לכם "
    "מה מי מתי על עם של שלי שלכם".split()
)


def words_of(text: str) -> list[str]:
    """Returns the words of a text, without points, case and final letters."""
    plain = unicodedata.normalize("NFKD", _INSIDE.sub("", text)).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _WORD.findall(plain.translate(_FINAL))


def indexed(title: str, text: str) -> str:
    """Returns what the index holds of an entry: its words, and Hebrew ones also without their front letters."""
    return " ".join(form for word in words_of(f"{title} {text}") for form in (word, *_without_front(word)))


def asked(query: str) -> list[tuple[str, ...]]:
    """Returns the words that a query asks for, each with its other forms; words that say nothing are left out."""
    empty = {word.translate(_FINAL) for word in _EMPTY}
    words = [word for word in dict.fromkeys(words_of(query)) if word not in empty] or words_of(query)
    return [_forms(word) for word in words[:MOST_WORDS]]


def _forms(word: str) -> tuple[str, ...]:
    forms = [word, *_without_front(word)]
    for form in tuple(forms):
        for ending in _ENDINGS:
            stem = form.removesuffix(ending.translate(_FINAL))
            if stem != form and len(stem) >= SHORTEST:
                forms.append(stem)
                break
    return tuple(dict.fromkeys(forms))


def _without_front(word: str) -> list[str]:
    forms, rest = [], word
    for _letter in range(_MOST_FRONT):
        if rest[0] not in _FRONT or len(rest) - 1 < SHORTEST:
            break
        rest = rest[1:]
        forms.append(rest)
    return forms
