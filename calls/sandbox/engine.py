"""What the stand-in assistant answers. Plain fixed sentences, and honest about being a stand-in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Say:
    """One utterance: an audio item of a response."""

    words: str


@dataclass(frozen=True, slots=True)
class CallTool:
    """A function call of a response. `arguments` is a JSON object."""

    name: str
    arguments: str = "{}"


Part = Say | CallTool


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """What an engine knows when it is asked to answer.

    `instructions` are the response's own, else the session's; `own_instructions` says which.
    `caller_said` holds the transcripts of the caller's turns, oldest first. `tools`
    are the names of the functions that may be called now.
    """

    instructions: str
    own_instructions: bool = False
    language: str = "en"
    caller_said: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()


class Engine(Protocol):
    """Something that decides what the assistant says."""

    async def reply(self, request: ReplyRequest) -> tuple[Part, ...]:
        """The parts of the response, in order."""
        ...


# Only a request whose first line asks for exact words gets them: a business's own text may well quote something.
_ASKS_FOR_EXACT_WORDS = re.compile(r"[^\n]*\b(exact(ly)?|verbatim|word for word)\b", re.IGNORECASE)
_QUOTATIONS = (
    re.compile(r"[^\n]*:[ \t]*\n(?P<words>.+)", re.DOTALL),
    re.compile(r".*?<(say|words|greeting)>(?P<words>.*)</\1>", re.DOTALL),
    re.compile(r".*?“(?P<words>.*)”", re.DOTALL),
    re.compile(r'.*?"(?P<words>.*)"', re.DOTALL),
)

_SENTENCES = {
    "en": (
        "Thank you for calling. I am a stand-in without a language model, so I can only say these fixed sentences.",
        "I heard you speak. With an OpenAI key, the real assistant would answer you now.",
        "You can interrupt me at any time while I am talking, and I will stop and listen to you.",
    ),
    "he": (
        "תודה שהתקשרתם. אני מחליף זמני בלי מודל שפה, ולכן אני אומר רק משפטים קבועים.",
        "שמעתי שדיברתם. עם מפתח של OpenAI, העוזר האמיתי היה עונה לכם עכשיו.",
        "אפשר להפריע לי בכל רגע באמצע הדיבור, ואני אפסיק ואקשיב.",
    ),
}
_GOODBYE = {"en": "Goodbye, and thank you for calling.", "he": "להתראות, ותודה שהתקשרתם."}
_TRANSFER = {"en": "One moment, I am connecting you to a person.", "he": "רגע אחד, אני מעביר אתכם לנציג."}
_WANTS_TO_END = re.compile(r"\b(good ?bye|bye)\b|להתראות|ביי", re.IGNORECASE)
_WANTS_A_PERSON = re.compile(r"\b(a person|a human|an agent|someone real)\b|נציג|בן אדם", re.IGNORECASE)


def exact_words(instructions: str) -> str:
    """The words that the instructions ask to be said exactly; empty when they ask for none.

    Either everything after a first line that ends in a colon, or what is quoted.
    """
    if not _ASKS_FOR_EXACT_WORDS.match(instructions):
        return ""
    found = next((match for quotation in _QUOTATIONS if (match := quotation.match(instructions))), None)
    return found["words"].strip() if found else ""


class StandInEngine:
    """Says exact words where they are asked for, else the next fixed sentence of the session's language.

    It ends or hands over the call when the caller's transcript asks for that and the session offers the function.
    """

    async def reply(self, request: ReplyRequest) -> tuple[Part, ...]:
        """See `Engine`."""
        if request.own_instructions and (words := exact_words(request.instructions)):
            return (Say(words),)
        language = request.language if request.language in _SENTENCES else "en"
        said = request.caller_said[-1] if request.caller_said else ""
        if "transfer_call" in request.tools and _WANTS_A_PERSON.search(said):
            return (Say(_TRANSFER[language]), CallTool("transfer_call"))
        if "end_call" in request.tools and _WANTS_TO_END.search(said):
            return (Say(_GOODBYE[language]), CallTool("end_call"))
        sentences = _SENTENCES[language]
        return (Say(sentences[max(len(request.caller_said) - 1, 0) % len(sentences)]),)


class ScriptedEngine:
    """Says what a scenario says, one entry a response, and then what another engine says. Exact words come first."""

    def __init__(self, replies: Iterable[tuple[Part, ...]], then: Engine) -> None:
        self._replies = iter(replies)
        self._then = then

    async def reply(self, request: ReplyRequest) -> tuple[Part, ...]:
        """See `Engine`."""
        if request.own_instructions and exact_words(request.instructions):
            return await self._then.reply(request)
        scripted = next(self._replies, None)
        return await self._then.reply(request) if scripted is None else scripted
