"""Which of a business's sentences answers a question: by the words that they share. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log

from calls.sandbox.receptionist.business_text import Fact

_WORD = re.compile(r"[^\W\d_]{2,}")
_EMPTY = frozenset(
    "a all an and any are as at be been can could do does for from get give go had has have hello hey hi how i if in is"
    " it its just know like me much my need no not of okay on or our please so some something tell than that the their"
    " them there they this to us want was we well what when where which who will with would yes you your about also"
    " כן לא של את אתה אתם אני זה עם על יש אין מה מי איך כמה האם גם או אם שלכם אצלכם לי לכם היי שלום בבקשה".split()
)
# Words that mean the same to a front desk; the first one stands for all.
_SYNONYMS = {
    word: group.split()[0]
    for group in (
        "price cost costs costing prices fee fees charge charges expensive cheap pay shekels dollars",
        "parking park parked car cars",
        "card cards credit cash visa payment payments",
        "מחיר עולה עלות מחירים שקלים לשלם",
        "חניה חנייה לחנות",
    )
    for word in group.split()
}
_PRICE = re.compile(r"how much|[$€£₪]\s*\d|\d\s*[$€£₪]", re.IGNORECASE)
_AFFIX = re.compile(r"(?<=[a-z]{3})(ings?|ed|es|s)$|^[והבלמשכ](?=[א-ת]{3})|(?<=[א-ת]{3})(ים|ות|ה|ת)$")
_MOST_SENTENCES = 2


def stems(text: str) -> set[str]:
    """Returns the words of a text that mean something, without prefixes and endings."""
    words = set(_WORD.findall(text.lower())) - _EMPTY
    found = {_SYNONYMS.get(word) or _AFFIX.sub("", word) for word in words}
    return found | ({"price"} if _PRICE.search(text) else set())


def best(question: str, facts: Sequence[Fact]) -> list[Fact]:
    """Returns the sentences that answer the question: at most two, the best one first; none if no word is shared.

    Rare words count more than those that stand in many sentences.
    """
    asked = stems(question)
    known = [stems(f"{fact.topic} {fact.words}") for fact in facts]
    frequency = Counter(stem for each in known for stem in each)
    scores = [sum(1 / (1 + log(frequency[stem])) for stem in each & asked) for each in known]
    most = max(scores, default=0.0)
    if not most:
        return []
    order = sorted(range(len(facts)), key=lambda place: -scores[place])
    return [facts[place] for place in order[:_MOST_SENTENCES] if scores[place] >= 0.8 * most]
