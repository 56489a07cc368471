"""What a call was about, by plain rules on its transcript: the data that a text model would answer with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

MOST: Final = 5
_WISH: Final = re.compile(
    r"\?|\b(want|need|like to|looking for|please|can you|could you)\b|רוצה|צריך|צריכה|אפשר|מבקש|לקבוע|לבטל",
    re.IGNORECASE,
)
_PROMISE: Final = re.compile(
    r"\b(we|i|they|somebody|someone)('ll| will| am going to| are going to)\b"
    r"|אחזור|נחזור|יחזרו|אשלח|נשלח|ישלחו|אבדוק|נבדוק",
    re.IGNORECASE,
)
_KINDS: Final = (
    ("call_back", re.compile(r"\b(call|ring|get back to) (you|them|her|him|back)\b|אחזור|נחזור|יחזרו", re.IGNORECASE)),
    ("message", re.compile(r"\b(message|pass (it|that|this) on)\b|הודעה", re.IGNORECASE)),
    ("appointment", re.compile(r"\b(appointment|booking|slot)\b|תור", re.IGNORECASE)),
    ("text", re.compile(r"\bwhatsapp\b|ווטסאפ|וואטסאפ", re.IGNORECASE)),
)
_WHEN: Final = re.compile(
    r"\b(today|tonight|tomorrow|(?:on|by|until|next) \w+day|within \w+ \w+)\b|היום|מחר|עד יום \w+|ביום \w+",
    re.IGNORECASE,
)
_UNHAPPY: Final = re.compile(
    r"\b(angry|unacceptable|complain\w*|complaint|terrible|disappointed|annoyed|rude)\b"
    r"|כועס|כועסת|מאוכזב|נורא|תלונה|לא ייתכן",
    re.IGNORECASE,
)
_CONTENT: Final = re.compile(r"\b(great|perfect|wonderful|thanks|thank you)\b|תודה|מצוין|נהדר|מעולה", re.IGNORECASE)


def gist_of(transcript: str, summary: str) -> dict[str, Any]:
    """Returns an object of the form that `calls/records/gist.py` asks for."""
    caller, assistant = said_by("Caller", transcript), said_by("Assistant", transcript)
    promises = (each for each in _sentences(assistant) if _PROMISE.search(each))
    return {
        "summary": summary,
        "wishes": _first(each for each in _sentences(caller) if _WISH.search(each)),
        "follow_ups": [{"what": each, "when": _when(each), "about": _kind(each)} for each in _first(promises)],
        "sentiment": _sentiment(caller),
    }


def said_by(who: str, transcript: str) -> list[str]:
    """Returns the words of the lines `{who}: …` of a transcript."""
    lines = (line.partition(": ") for line in transcript.splitlines())
    return [words for speaker, _, words in lines if speaker == who]


def _sentences(turns: Iterable[str]) -> Iterator[str]:
    for turn in turns:
        yield from (part.strip() for part in re.split(r"(?<=[.?!])\s+", turn) if part.strip())


def _first(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))[:MOST]


def _when(sentence: str) -> str:
    found = _WHEN.search(sentence)
    return found[0] if found else ""


def _kind(sentence: str) -> str:
    return next((kind for kind, words in _KINDS if words.search(sentence)), "other")


def _sentiment(caller: list[str]) -> str:
    if not caller:
        return "unknown"
    if any(_UNHAPPY.search(turn) for turn in caller):
        return "unhappy"
    return "content" if _CONTENT.search(caller[-1]) else "neutral"
