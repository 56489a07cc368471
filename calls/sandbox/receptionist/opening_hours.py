"""What a business's text says about its opening hours, as a whole or for one day. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from calls.sandbox.receptionist.business_text import Fact

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HEBREW_DAYS = ("שני", "שלישי", "רביעי", "חמישי", "שישי", "שבת", "ראשון")

_DAY_NAMES = {name: number for number, day in enumerate(DAYS) for name in (day, day[:3], f"{day}s")}
_DAY_NAMES |= {"tues": 1, "thur": 3, "thurs": 3} | {name: number for number, name in enumerate(HEBREW_DAYS)}
_DAY_NAMES |= {"א'": 6, "ב'": 0, "ג'": 1, "ד'": 2, "ה'": 3, "ו'": 4}
_GROUPS = {
    "weekdays": range(5),
    "weekday": range(5),
    "weekends": (5, 6),
    "weekend": (5, 6),
    "daily": range(7),
    "every day": range(7),
}
_NAME = "|".join(sorted(map(re.escape, _DAY_NAMES), key=len, reverse=True))
_PREFIX = r"(?:ו?(?:ב|מ|ל)?(?:ימי |יום |ימים )?(?:ה)?)"  # "בימי ראשון", "יום שישי", "ובשבת"
_DAY = rf"(?<![\w']){_PREFIX}({_NAME})(?![\w'])"
_RANGE = re.compile(rf"{_DAY}\s*(?:to|through|thru|till|until|-|–|—|עד)\s*{_DAY}", re.IGNORECASE)
_SINGLE = re.compile(_DAY, re.IGNORECASE)
_GROUP = re.compile(rf"\b({'|'.join(_GROUPS)})\b", re.IGNORECASE)
_CLAUSE = re.compile(
    r"[,;\n]|(?<!\d)\.(?!\d)|\s+and\s+(?=(?:on\s+)?\w*day)|\s+but\s+|\s+ו(?=(?:ב|ביום )?(?:שבת|שישי|יום))",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"^(?:on|and|we are|we're|are|is|open|opened|the (?:clinic|office|shop|store) is|:|-|–|\s"
    r"|אנחנו|פתוח|פתוחים|פתוחה|בין השעות|ביום)+(?=\s|\d|$)|\s+(?:on|ב|ביום)$",
    re.IGNORECASE,
)
_TOPIC = re.compile(r"\b(hours?|opening|open)\b|שעות|פתיחה|קבלת קהל", re.IGNORECASE)
_ABOUT = re.compile(r"\b(open|opens|closed?|closes|hours)\b|פתוח|סגור|שעות", re.IGNORECASE)
_CLOSED = re.compile(r"\b(closed|not open)\b|סגור", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DayHours:
    """One clause of the hours: the days that it is about (0 is Monday), and what it says of them."""

    days: frozenset[int]
    words: str

    @property
    def is_closed(self) -> bool:
        """It says that nobody is there."""
        return bool(_CLOSED.search(self.words))


def about_hours(facts: Iterable[Fact]) -> list[Fact]:
    """The sentences about opening hours: those under such a label, or else those that speak of them."""
    facts = list(facts)
    labelled = [
        fact for fact in facts if _TOPIC.search(fact.topic) and re.search(r"\d|\bnoon\b|clos|סגור|צהריים", fact.words)
    ]
    return labelled or [
        fact for fact in facts if _ABOUT.search(fact.words) and (days_in(fact.words) or re.search(r"\d", fact.words))
    ]


def days_in(text: str) -> frozenset[int]:
    """The days that a text names, singly, as a range or as a group."""
    days: set[int] = set()
    for found in _RANGE.finditer(text):
        first, last = _DAY_NAMES[found[1].lower()], _DAY_NAMES[found[2].lower()]
        days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    days |= {_DAY_NAMES[found[1].lower()] for found in _SINGLE.finditer(_RANGE.sub(" ", text))}
    for found in _GROUP.finditer(text):
        days |= set(_GROUPS[found[1].lower()])
    return frozenset(days)


def schedule(text: str) -> list[DayHours]:
    """The clauses of a text about hours. Days without hours of their own share the next clause's."""
    found: list[DayHours] = []
    waiting: frozenset[int] = frozenset()
    for clause in _CLAUSE.split(text):
        days = days_in(clause)
        words = without_days(clause)
        if not words:
            waiting |= days
        elif days or waiting or not found:
            found.append(DayHours(days | waiting, words))
            waiting = frozenset()
        else:
            found[-1] = DayHours(found[-1].days, f"{found[-1].words}, {words}")
    return [each for each in found if each.days]


def without_days(clause: str) -> str:
    """What a clause says besides naming days."""
    words = _GROUP.sub(" ", _SINGLE.sub(" ", _RANGE.sub(" ", clause)))
    return _FILLER.sub("", " ".join(words.split())).strip(" :-–.")


def on_day(day: int, facts: Iterable[Fact]) -> DayHours | None:
    """What the facts say about one day; None when they don't say, or not in a way that is understood."""
    text = "; ".join(fact.words for fact in facts)
    return next((each for each in schedule(text) if day in each.days), None)
