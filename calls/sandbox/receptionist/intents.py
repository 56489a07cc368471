"""What a caller wants, by the words of a transcript: mostly English ones, and the commonest Hebrew ones. Pure."""

from __future__ import annotations

import re
from enum import Enum


class Intent(Enum):
    """One thing that callers say, with the words for it. A transcript may hold several. ^ means: as the first word."""

    GOODBYE = "good ?-?bye|bye|that('s| is| will be) all|nothing else|have a (nice|good|great) day|להתראות|ביי"
    THANKS = "thanks?|thank you|cheers|תודה"
    GREETING = "^(hi|hello|hey|good (morning|afternoon|evening)|(is )?any(body|one) there|can you hear me|שלום|היי|הלו)"
    YES = "^(yes|yeah|yep|right|exactly|sure|ok|okay|of course|great|fine|all ?right|כן|נכון|בסדר)"
    NO = "^(no|nope|not (really|quite)|לא)"
    REPEAT = r"(say|repeat) (that|it)|pardon|once more|didn't (hear|catch|get)|(?<![\w ])(sorry|what)(?=\W*$)|סליחה"
    WHO_ARE_YOU = (
        "(are you|is this|is it) (a |an )?(real|robot|bot|human|person|machine|computer|ai|recording)"
        "|who (are you|is this|am i (speaking|talking))|what (are you|can you do)|your name(?! is)|רובוט|מי זה"
    )
    PERSON = (
        "(speak|talk) (to|with) (a|an|some|the|your|somebody|someone|anyone|dr|doctor)|human being|representative"
        "|operator|put me through|transfer me|connect me|נציג"
    )
    HOURS = "open|opens|opening|close|closes|closed|closing|hours|what times?|שעות|מתי|פתוחים|סגור"
    ADDRESS = "where (are|is|can|do)|address|located|location|directions|how (do|can) (i|we) (get|find)|כתובת|איפה"


def _pattern(words: str) -> re.Pattern[str]:
    start = r"^\W*" if words.startswith("^") else r"\bה?"  # ה: the Hebrew article
    return re.compile(rf"{start}({words.removeprefix('^')})\b", re.IGNORECASE)


_PATTERNS = {intent: _pattern(intent.value) for intent in Intent}


def intents(said: str) -> frozenset[Intent]:
    """Returns everything that a transcript asks for; empty when no pattern matches."""
    said = said.replace("’", "'")
    return frozenset(intent for intent, pattern in _PATTERNS.items() if pattern.search(said))
