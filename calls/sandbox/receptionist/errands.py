"""What the stand-in does for callers by Frontdesk's tools, and how it tells them what came of it. Pure.

An errand is recognised by its words, like everything here, so that it can be tried by a simulated call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from calls.sandbox.receptionist.intents import Intent, intents
from calls.sandbox.receptionist.sentences import Sentences

_MESSAGE = re.compile(
    r"\b(leave|take|give (him|her|them)) (a |this )?message|(call|ring) (me|us) back|להשאיר הודעה|שיחזרו אל",
    re.IGNORECASE,
)
_ITS_WORDS = re.compile(
    r"message,?( that| saying|:)? +(?P<words>\S+ \S+ .*)|הודעה:? +(?P<hebrew>\S+ \S+.*)", re.IGNORECASE
)
_BOOK = re.compile(
    r"\b(book|make|schedule|need|want)\b.*\b(appointment|time)\b( for (an? |the )?(?P<service>.+))?"
    r"|לקבוע תור( ל(?P<hebrew>.+))?",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?:my name is|this is|קוראים לי|שמי) (\w+)", re.IGNORECASE)
_NOT_DONE = frozenset({"failed", "bad_arguments", "not_finished", "none_free", "not_offered"})


@dataclass(frozen=True, slots=True)
class Request:
    """A tool that is to be called, with its arguments; without a tool, a question to the caller."""

    words: str
    tool: str = ""
    arguments: str = "{}"


def request(
    caller_said: tuple[str, ...], tools: Collection[str], sentences: Sentences, known: Sequence[str] = ()
) -> Request | None:
    """Returns what the caller's words ask for, of what these tools can do; None if they ask for nothing of it.

    `known`: what functions have answered in the whole call, oldest first.
    """
    if "find_slots" in tools and (booking := _booking(caller_said, sentences, known)):
        return booking
    return _message(caller_said, sentences) if "take_message" in tools else None


def _message(caller_said: tuple[str, ...], sentences: Sentences) -> Request | None:
    *earlier, said = caller_said
    was_asked = bool(earlier) and _MESSAGE.search(earlier[-1]) and not _ITS_WORDS.search(earlier[-1])
    if was_asked:
        return _take(said, sentences)
    if not _MESSAGE.search(said):
        return None
    given = _ITS_WORDS.search(said)
    return _take(given["words"] or given["hebrew"], sentences) if given else Request(sentences.what_message)


def _booking(caller_said: tuple[str, ...], sentences: Sentences, known: Sequence[str]) -> Request | None:
    """Returns the look for a free time, or the booking of the first one that was offered, when the caller says yes."""
    said = caller_said[-1]
    if asked := _BOOK.search(said):
        service = asked["service"] or asked["hebrew"] or ""
        return Request(sentences.one_moment, "find_slots", _json(service=service.strip(" .?!")))
    offered = next((result for each in reversed(known) if (result := _read(each))), None)
    if not offered or not offered.get("free") or Intent.YES not in intents(said):
        return None
    named = next((found[1] for each in reversed(caller_said) if (found := _NAME.search(each))), "Caller")
    start, service = offered["free"][0]["start"], offered.get("service", "")
    return Request(sentences.one_moment, "book_appointment", _json(start=start, name=named, service=service))


def _take(words: str, sentences: Sentences) -> Request:
    return Request(sentences.one_moment, "take_message", _json(about=words.strip()))


def told(output: str, sentences: Sentences) -> str:
    """Returns what the caller is told about a tool's output: its `answer` if it has one, else what came of it."""
    result = _read(output)
    if not result:
        return sentences.not_done  # words of Frontdesk's own, like that it was not carried out
    if answer := result.get("answer"):
        return str(answer)
    if free := result.get("free"):
        sentence = sentences.is_free if result.get("outcome") == "found" else sentences.is_taken
        return sentence.format(when=free[0]["say"])
    if names := result.get("there_are"):
        return sentences.which.format(names=", ".join(names))
    return sentences.not_done if result.get("outcome") in _NOT_DONE else sentences.done


def _json(**values: str) -> str:
    return json.dumps(values, ensure_ascii=False)


def _read(output: str) -> dict[str, Any]:
    try:
        result = json.loads(output)
    except ValueError:
        return {}
    return result if isinstance(result, dict) else {}
