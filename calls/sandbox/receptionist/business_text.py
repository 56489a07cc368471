"""What a session's instructions say about the business: facts for callers, apart from what is for the assistant.

The stand-in knows nothing else: it reads the very text that OpenAI would get. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"You answer the telephone of (?P<name>[^\n]+)\.\n")
_TODAY = re.compile(r"\bIt is (?P<day>[A-Z][a-z]+day), ")
_OWN_TEXT = re.compile(
    r"(?:# About the business, in its own words\n|(?=# Opening hours\n))(?P<text>.*?)(?=\n# Rules of every call|\Z)",
    re.DOTALL,
)
_GREETED = "The caller has already heard this greeting"

_BULLET = re.compile(r"^[\s#*•·–—-]+")
_HEADING = re.compile(r"\s*#+\s*(?P<title>[^.!?:]{1,40}):?\s*$")
_LABELLED = re.compile(r"(?P<label>[^\W\d][^.!?:\n]{0,40}):(?:\s+(?P<rest>.*))?$")
_SENTENCES = re.compile(r"(?<=[^\s.][^\s.][.!?])\s+")
_QUESTION_LABELS = {"q", "question", "ש", "שאלה"}
_ANSWER_LABELS = {"a", "answer", "ת", "תשובה"}
_FOR_THE_ASSISTANT = re.compile(
    r"(you|your|please|never|always|do not|don't|ask|tell|say|speak|be|offer|keep|if (the|a|someone)"
    r"|when (the|a) caller|answer|use|avoid|mention|remember|greet)\b|.*\bask (for|them|the|him|her|whether|callers)\b"
    r"|(אתה|אתם|את עונה|אל|לעולם|תמיד|אם המתקשר|ענה|עני|תענה|שאל|שאלי|דבר|דברי|הצע|אמור|בקש|בקשי)\s"
    r"|.*(?<!\w)(בקש|בקשי|לבקש|לשאול)(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence for callers. `topic`: the label or the question that it stood under, or nothing."""

    topic: str
    words: str


@dataclass(frozen=True, slots=True)
class BusinessText:
    """What is known. `wishes` are sentences for the assistant; `today`: the English weekday, if it was told."""

    name: str = ""
    today: str = ""
    has_greeted: bool = False
    facts: tuple[Fact, ...] = ()
    wishes: tuple[str, ...] = ()


def read(instructions: str) -> BusinessText:
    """Read a session's instructions; text of another make is taken for the business's own as a whole."""
    name, today = _NAME.search(instructions), _TODAY.search(instructions)
    own_text = _OWN_TEXT.search(instructions)
    text = own_text["text"] if own_text else "" if name else instructions
    facts, wishes = _sort(text)
    return BusinessText(
        name["name"].strip() if name else "", today["day"] if today else "", _GREETED in instructions, facts, wishes
    )


def _sort(text: str) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    sorter = _Sorter()
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            sorter.head(heading["title"].strip())
            continue
        sorter.take(_BULLET.sub("", line).strip())
    return tuple(sorter.facts), tuple(sorter.wishes)


class _Sorter:
    """Reads line by line. A label alone on its line is the topic up to the next empty line, a question of one line."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.wishes: list[str] = []
        self._heading = ""
        self._question = ""

    def head(self, title: str) -> None:
        """A line that is a heading."""
        self._heading, self._question = title, ""

    def take(self, line: str) -> None:
        """Sort a line's sentences."""
        if not line:
            self._heading = self._question = ""
            return
        topic, self._question = self._question or self._heading, ""
        labelled = _LABELLED.match(line)
        if labelled:
            label, line = labelled["label"].strip(), labelled["rest"] or ""
            if label.lower() not in _QUESTION_LABELS | _ANSWER_LABELS:
                topic = label
                self._heading = "" if line else label
        for sentence in filter(None, _SENTENCES.split(line)):
            if sentence.endswith("?"):
                topic = self._question = sentence
            elif _FOR_THE_ASSISTANT.match(sentence):
                self.wishes.append(sentence)
            else:
                self._question = ""
                self.facts.append(Fact(topic, sentence))
