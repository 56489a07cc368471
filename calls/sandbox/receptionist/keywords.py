"""Which of a business's sentences answers a question: by the words that they share. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log

from calls.sandbox.receptionist.business_text import Fact

_WORD = re.compile(r"[^\W\d_]{2,}")
_EMPTY = frozenset(
    "a an and any are as at be been by can could do does did for from get give go had has have hello hey hi how i if in"
    " is it its just know like me much my need no not of okay on or our please so some something tell than that the"
    " their them there they this to us want was we well what when where which who will with would yes you your about"
    " also let"
    " כן לא של את אתה אתם אני אנחנו זה זאת עם על יש אין מה מי איך כמה למה איפה מתי האם גם או אם אז רק אפשר רוצה רציתי"
    " לדעת שלכם אצלכם לי לכם היי שלום בבקשה תודה הוא היא הם".split()
)
# Words that mean the same to a front desk; the first one stands for all.
_SYNONYMS = {
    word: group.split()[0]
    for group in (
        "price cost costs costing prices fee fees charge charges expensive cheap pay shekel shekels dollars euro",
        "parking park parked car cars",
        "card cards credit cash visa payment payments",
        "insurance insured insurer",
        "emergency urgent emergencies urgently",
        "child children kid kids",
        "email mail e-mail",
        "מחיר עולה עלות מחירים תשלום שקל שקלים עולים לשלם",
        "חניה חנייה לחנות רכב חונים",
        "ביטוח מבוטח ביטוחים",
        "ילד ילדים ילדה",
    )
    for word in group.split()
}
_PRICE = re.compile(r"how much|[$€£₪]\s*\d|\d\s*[$€£₪]|כמה (זה |ה\S+ )?(עול|על)", re.IGNORECASE)
_HEBREW_PREFIXES = tuple(re.compile(rf"^[והבלמשכ]{{{size}}}(?=[א-ת]{{3}})") for size in (1, 2))
_HEBREW_ENDING = re.compile(r"(?<=[א-ת]{3})(ים|ות|ה|ת|י)$")
_ENGLISH_ENDING = re.compile(r"(?<=[a-z]{3})(ings?|ed|es|s)$")
_MOST_SENTENCES = 2


def stems(text: str) -> set[str]:
    """The words of a text that mean something, without their endings."""
    words = _WORD.findall(text.lower())
    found = {stem for word in words if word not in _EMPTY for stem in _stems(word)}
    return found | ({"price"} if _PRICE.search(text) else set())


def _stems(word: str) -> set[str]:
    if word in _SYNONYMS:
        return {_SYNONYMS[word]}
    if "א" <= word[0] <= "ת":
        bare = {word, *(prefix.sub("", word) for prefix in _HEBREW_PREFIXES)}
        forms = bare | {_HEBREW_ENDING.sub("", form) for form in bare}
        return {_SYNONYMS.get(form, form) for form in forms}
    return {_ENGLISH_ENDING.sub("", word)}


def best(question: str, facts: Sequence[Fact]) -> list[Fact]:
    """The sentences that answer the question, at most two, the best one first; none if no word is shared.

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
