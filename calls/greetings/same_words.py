"""Are the words that were said those that were written? Pure.

Signs, capitals and vowel points don't count; "7", "seven" and "שבע" are the same, and so are "front desk" and
"frontdesk". What is left is counted in words, and no run of several words may be missing or added.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

LONGEST_RUN: Final = 2
"""Words in a row that a listener may miss or make up. "This call is recorded" is longer."""
TOLERATED_SHARE: Final = 0.15
"""Of the words of a recording, as another model hears it on the telephone: names are often misheard."""
_CLOSE: Final = 0.8
_SHORTEST_CLOSE: Final = 5
"""Letters. Shorter words that differ by a letter are other words: "can" and "can't", "open" and "opens"."""

_UNITS: Final = {
    "0": "zero oh אפס", "1": "one אחד אחת", "2": "two שני שתי שניים שתיים", "3": "three שלוש שלושה",
    "4": "four ארבע ארבעה", "5": "five חמש חמישה חמשה", "6": "six שש שישה ששה", "7": "seven שבע שבעה",
    "8": "eight שמונה", "9": "nine תשע תשעה",
}  # fmt: skip
_TEENS: Final = {
    "10": "ten עשר עשרה", "11": "eleven", "12": "twelve", "13": "thirteen", "14": "fourteen", "15": "fifteen",
    "16": "sixteen", "17": "seventeen", "18": "eighteen", "19": "nineteen",
}  # fmt: skip
_TENS: Final = {
    "20": "twenty עשרים", "30": "thirty שלושים", "40": "forty ארבעים", "50": "fifty חמישים", "60": "sixty שישים",
    "70": "seventy שבעים", "80": "eighty שמונים", "90": "ninety תשעים",
}  # fmt: skip
_VALUES: Final = {
    word: digits for table in (_UNITS, _TEENS, _TENS) for digits, words in table.items() for word in words.split()
}
_HEBREW_TEEN: Final = {"עשר", "עשרה"}
_ALIKE: Final = {"dr": "doctor", "mr": "mister", "st": "street", "ave": "avenue", "ok": "okay", "דר": "דוקטור"}
_SIGNS: Final = {"&": " and ", "%": " percent ", "@": " at ", "₪": " שקל ", "$": " dollar ", "€": " euro "}
_REMARK: Final = re.compile(r"\[[^\]]*\]")  # "[music]": a listener's remark, not words


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs: words that are not the same, the longest run of them, and whether all numbers agree."""

    words: int
    different: int
    longest_run: int
    numbers_agree: bool

    @property
    def is_exact(self) -> bool:
        """Word for word. For what a speaker says of its own words."""
        return self.different == 0

    @property
    def is_alike(self) -> bool:
        """As well as a listener can tell that heard them on a telephone."""
        few = self.different <= max(1, int(self.words * TOLERATED_SHARE))
        return few and self.longest_run <= LONGEST_RUN and self.numbers_agree and self.different < self.words


def compare(*, written: str, said: str) -> Comparison:
    """Compare what was said with what is written."""
    wanted, heard = _words(written), _words(said)
    different, longest = 0, 0
    for step, from_a, to_a, from_b, to_b in SequenceMatcher(None, wanted, heard, autojunk=False).get_opcodes():
        if step == "equal" or _are_close("".join(wanted[from_a:to_a]), "".join(heard[from_b:to_b])):
            continue
        run = max(to_a - from_a, to_b - from_b)
        different, longest = different + run, max(longest, run)
    numbers = [[word for word in words if word.isdigit()] for words in (wanted, heard)]
    return Comparison(len(wanted), different, longest, "".join(numbers[0]) == "".join(numbers[1]))


def _are_close(one: str, other: str) -> bool:
    if one == other:
        return True
    if any(letter.isdigit() for letter in one + other) or min(len(one), len(other)) < _SHORTEST_CLOSE:
        return False
    return abs(len(one) - len(other)) <= 1 and SequenceMatcher(None, one, other, autojunk=False).ratio() >= _CLOSE


def _words(text: str) -> list[str]:
    """Returns words without what can't be heard; numbers as digits, one word for all that stand together."""
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    plain = unicodedata.normalize("NFKD", _REMARK.sub(" ", text)).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter) and letter not in "'’׳\"״“”„")
    words = re.findall(r"\d+|[^\W\d_]+", plain)
    return _with_digits([_ALIKE.get(word, word) for word in words])


def _with_digits(words: list[str]) -> list[str]:
    found: list[str] = []
    is_open = False  # the last word found is a number that may go on
    tens = ""  # a ten that was just said and awaits its unit
    for word in words:
        value = _value_of(word, follows_number=is_open)
        if value is None:
            found.append(word)
            is_open, tens = False, ""
            continue
        if tens and value in _UNITS:  # "twenty one", "עשרים ואחת"
            found[-1] = found[-1][:-1] + value
        elif word in _HEBREW_TEEN and is_open and found[-1][-1:] in _UNITS:  # "שמונה עשרה"
            found[-1] = found[-1][:-1] + "1" + found[-1][-1]
        elif is_open:
            found[-1] += value
        else:
            found.append(value)
        is_open, tens = True, value if value in _TENS and not word.isdigit() else ""
    return found


def _value_of(word: str, *, follows_number: bool) -> str | None:
    if word.isdigit():
        return str(int(word)) if len(word) < 3 and not word.startswith("0") else word
    if value := _VALUES.get(word):
        return value
    return _VALUES.get(word[1:]) if follows_number and word.startswith("ו") else None
