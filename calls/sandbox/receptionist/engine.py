"""What decides the stand-in's answers: exact words, the rules of `rules.py`, or a scenario."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from calls.sandbox.receptionist import business_text, errands
from calls.sandbox.receptionist.rules import Receptionist
from calls.sandbox.receptionist.sentences import in_language


@dataclass(frozen=True, slots=True)
class Say:
    """One utterance: an audio item of a response. `is_exact`: nothing may be added, not even to the transcript."""

    words: str
    is_exact: bool = False


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
    `caller_said`: what the caller said, oldest first, one entry for all that came between two utterances of the
    assistant. `tools` are the names of the functions that may be called now.
    `said_since`: what the assistant has said since the caller's last words, as far as the conversation's items tell.
    `results`: what functions have answered since the caller's last words; `known`: in the whole call.
    """

    instructions: str
    own_instructions: bool = False
    language: str = "en"
    caller_said: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    said_since: str = ""
    results: tuple[str, ...] = ()
    known: tuple[str, ...] = ()


class Engine(Protocol):
    """Whatever decides what the assistant says."""

    async def reply(self, request: ReplyRequest) -> tuple[Part, ...]:
        """Returns the parts of the response, in order."""
        ...


# Only a request whose first line asks for exact words gets them: a business's own text may well quote something.
_ASKS_FOR_EXACT_WORDS = re.compile(r"[^\n]*\b(exact(ly)?|verbatim|word for word)\b", re.IGNORECASE)
_QUOTATIONS = (
    re.compile(r"[^\n]*:[ \t]*\n(?P<words>.+)", re.DOTALL),
    re.compile(r".*?<(say|words|greeting)>(?P<words>.*)</\1>", re.DOTALL),
    re.compile(r".*?“(?P<words>.*)”", re.DOTALL),
    re.compile(r'.*?"(?P<words>.*)"', re.DOTALL),
)

_OPENING = re.compile(r"\nThe call begins now\.")
_CAME_BACK = re.compile(r"\n[^\n]*\bput through, but nobody took the call\b")
_PEOPLE = re.compile(r"\n- You can put callers through to: (.+)\.")
_FILLER = re.compile(r"\n[^\n]*\btakes a moment\b")
_CONTINUATION = re.compile(r"\n[^\n]*\bGo on from there\b")


def _people(instructions: str) -> tuple[str, ...]:
    """Returns whom callers can be put through to, of the rule that names them."""
    found = _PEOPLE.search(instructions)
    return tuple(each.partition(" (")[0].strip() for each in found[1].split(";")) if found else ()


def exact_words(instructions: str) -> str:
    """Returns the words that the instructions ask to be said exactly; empty when they ask for none.

    Either everything after a first line that ends in a colon, or what is quoted.
    """
    if not _ASKS_FOR_EXACT_WORDS.match(instructions):
        return ""
    found = next((match for quotation in _QUOTATIONS if (match := quotation.match(instructions))), None)
    return found["words"].strip() if found else ""


def words_after(said: str, answer: str) -> str:
    """Returns what is left to say of an answer whose beginning may have been said last."""
    spoken, words = said.split(), answer.split()
    begun = next((size for size in range(len(words), 0, -1) if spoken[-size:] == words[:size]), 0)
    return " ".join(words[begun:])


class StandInEngine:
    """Says exact words where it is asked for them, else what the rules of `rules.py` answer."""

    async def reply(self, request: ReplyRequest) -> tuple[Part, ...]:
        """See `Engine`."""
        if request.own_instructions and (words := exact_words(request.instructions)):
            return (Say(words, is_exact=True),)
        receptionist = Receptionist(
            business_text.read(request.instructions),
            in_language(request.language),
            can_transfer="transfer_call" in request.tools,
            people=_people(request.instructions),
            tools=request.tools,
            known=request.known,
        )
        if _FILLER.search(request.instructions) and request.own_instructions:
            return (Say(receptionist.sentences.one_moment),)
        if request.results and not request.own_instructions:
            return (Say(errands.told(request.results[-1], receptionist.sentences)),)
        is_opening = request.own_instructions and _OPENING.search(request.instructions)
        if request.own_instructions and _CAME_BACK.search(request.instructions):
            return (Say(receptionist.sentences.nobody_there),)
        reply = receptionist.open() if is_opening else receptionist.answer(request.caller_said)
        tools = [CallTool(reply.tool, reply.arguments)] if reply.tool in request.tools else []
        if not (request.own_instructions and _CONTINUATION.search(request.instructions)):
            return (Say(reply.words), *tools)
        rest = words_after(request.said_since, reply.words) or ("" if tools else receptionist.sentences.anything_else)
        return (*([Say(rest)] if rest else []), *tools)


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
