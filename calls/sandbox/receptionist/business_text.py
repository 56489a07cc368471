"""What a session's instructions say about the business: facts for callers, apart from what is for the assistant.

The stand-in knows nothing else: it reads the very text that OpenAI would get. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"You answer the telephone of (?P<name>[^\n]+)\.\n")
_OWN_TEXT = re.compile(
    r"(?:# About the business, in its own words\n|(?=# Opening hours\n))(?P<text>.*?)(?=\n# Rules of every call|\Z)",
    re.DOTALL,
)
_GREETED = "The caller has already heard this greeting"

_BULLET = re.compile(r"^[\s*•·–—-]+")
_HEADING = re.compile(r"#+\s*(?P<title>.+?):?$")
_LABELLED = re.compile(r"(?P<label>[^\W\d][^.!?:\n]{0,40}):(?:\s+(?P<rest>.*))?$")
_SENTENCES = re.compile(r"(?<=[^\s.][^\s.][.!?])\s+")
_QUESTION_AND_ANSWER = {"q", "question", "ש", "שאלה", "a", "answer", "ת", "תשובה"}
_FOR_THE_ASSISTANT = re.compile(
    r"(you|your|please|never|always|do not|don't|ask|tell|say|speak|be|offer|keep|if (the|a|someone)"
    r"|when (the|a) caller|answer|use|avoid|mention|remember|greet)\b|.*\bask (for|them|the|him|her|whether|callers)\b"
    r"|(אתה|אתם|את עונה|אל|לעולם|תמיד|אם המתקשר|ענה|עני|תענה|שאל|שאלי|דבר|דברי|הצע|אמור|בקש|בקשי)\s"
    r"|.*(?<!\w)(לבקש|לשאול)(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence for callers. `topic`: the label or the question that it stood under, or nothing."""

    topic: str
    words: str


@dataclass(frozen=True, slots=True)
class BusinessText:
    """What is known about a business."""

    name: str = ""
    has_greeted: bool = False
    facts: tuple[Fact, ...] = ()


def read(instructions: str) -> BusinessText:
    """Read a session's instructions; text in another format is treated as the business's own text as a whole."""
    name, own_text = _NAME.search(instructions), _OWN_TEXT.search(instructions)
    text = own_text["text"] if own_text else "" if name else instructions
    return BusinessText(name["name"].strip() if name else "", _GREETED in instructions, tuple(_facts(text)))


def _facts(text: str) -> list[Fact]:
    """Returns the sentences for callers. A label alone on its line is the topic of the lines up to the next empty one.

    A question is the topic of the sentences after it, up to the end of the next line.
    """
    facts: list[Fact] = []
    heading = question = ""
    for line in (_BULLET.sub("", line).strip() for line in text.splitlines()):
        if not line or (titled := _HEADING.match(line)):
            heading, question = titled["title"] if line and titled else "", ""
            continue
        topic, question = question or heading, ""
        rest = line
        if labelled := _LABELLED.match(line):
            label, rest = labelled["label"].strip(), labelled["rest"] or ""
            if label.lower() not in _QUESTION_AND_ANSWER:
                topic, heading = label, "" if rest else label
        for sentence in filter(None, _SENTENCES.split(rest)):
            if sentence.endswith("?"):
                topic = question = sentence
            elif not _FOR_THE_ASSISTANT.match(sentence):
                question = ""
                facts.append(Fact(topic, sentence))
    return facts
