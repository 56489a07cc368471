"""What the stand-in does for callers by Frontdesk's tools, and how it tells them what came of it. Pure.

An errand is recognised by its words, like everything here, so that it can be tried by a simulated call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from calls.sandbox.receptionist.sentences import Sentences

_MESSAGE = re.compile(
    r"\b(leave|take|give (him|her|them)) (a |this )?message|(call|ring) (me|us) back|להשאיר הודעה|שיחזרו אל",
    re.IGNORECASE,
)
_ITS_WORDS = re.compile(
    r"message,?( that| saying|:)? +(?P<words>\S+ \S+ .*)|הודעה:? +(?P<hebrew>\S+ \S+.*)", re.IGNORECASE
)
_NOT_DONE = frozenset({"failed", "bad_arguments", "not_finished"})


@dataclass(frozen=True, slots=True)
class Request:
    """A tool that is to be called, with its arguments; without a tool, a question to the caller."""

    words: str
    tool: str = ""
    arguments: str = "{}"


def request(caller_said: tuple[str, ...], tools: Collection[str], sentences: Sentences) -> Request | None:
    """Returns what the caller's words ask for, of what these tools can do; None if they ask for nothing of it."""
    *earlier, said = caller_said
    if "take_message" not in tools:
        return None
    was_asked = bool(earlier) and _MESSAGE.search(earlier[-1]) and not _ITS_WORDS.search(earlier[-1])
    if was_asked:
        return _take(said, sentences)
    if not _MESSAGE.search(said):
        return None
    given = _ITS_WORDS.search(said)
    return _take(given["words"] or given["hebrew"], sentences) if given else Request(sentences.what_message)


def _take(words: str, sentences: Sentences) -> Request:
    return Request(sentences.one_moment, "take_message", json.dumps({"about": words.strip()}, ensure_ascii=False))


def told(output: str, sentences: Sentences) -> str:
    """Returns what the caller is told about a tool's output: its `answer` if it has one, else whether it is done."""
    try:
        result: dict[str, Any] = json.loads(output)
    except ValueError:
        return sentences.not_done  # words of Frontdesk's own, like that it was not carried out
    if answer := result.get("answer"):
        return str(answer)
    return sentences.not_done if result.get("outcome") in _NOT_DONE else sentences.done
