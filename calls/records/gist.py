"""What a call was about, as data: read from a model's answer, or taken from the call's own words. Pure.

A model's answer is material from outside: what the caller said may have made it. So it is checked against a fixed form,
and every text in it is cut, on one line, and nothing but a text. Nobody acts on it but people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

import msgspec

from businesses.validators import one_line
from calls.models import Sentiment, ToolRun, Transfer, TransferState

LONGEST_SUMMARY: Final = 1_000
LONGEST_EXTRACT: Final = 300
LONGEST_ITEM: Final = 200
LONGEST_WHEN: Final = 80
MOST_ITEMS: Final = 8


class About(StrEnum):
    """What sort of thing a follow-up is, so that it is known whether a tool has done it. Stored."""

    CALL_BACK = "call_back"
    MESSAGE = "message"
    APPOINTMENT = "appointment"
    TEXT = "text"
    OTHER = "other"


DONE_BY: Final[Mapping[str, frozenset[About]]] = {
    "take_message": frozenset({About.CALL_BACK, About.MESSAGE}),
    "book_appointment": frozenset({About.APPOINTMENT}),
    "move_appointment": frozenset({About.APPOINTMENT}),
    "cancel_appointment": frozenset({About.APPOINTMENT}),
    "send_whatsapp": frozenset({About.TEXT}),
}
"""What is done, or is on somebody's list already, once a tool has acted."""
_WISHES_IN: Final = {"take_message": "about", "book_appointment": "service"}


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is left to do after a call. `when`: as it was said; "" if it was not."""

    what: str
    when: str = ""
    about: About = About.OTHER


@dataclass(frozen=True, slots=True)
class Gist:
    """What a call was about."""

    summary: str
    wishes: tuple[str, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    sentiment: Sentiment = Sentiment.UNKNOWN


class NotAGist(ValueError):
    """An answer is no JSON of the form that was asked for."""


class _FollowUp(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    what: str
    when: str
    about: Literal["call_back", "message", "appointment", "text", "other"]


class _Answer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    summary: str
    wishes: list[str]
    follow_ups: list[_FollowUp]
    sentiment: Literal["content", "neutral", "unhappy", "unknown"]


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


SCHEMA: Final[dict[str, Any]] = _object(
    summary=_text(
        "One paragraph of at most three sentences: what the caller wanted, what was agreed, what is left to do, with "
        "names, numbers and times that were said."
    ),
    wishes={
        "type": "array",
        "description": f"What the caller wanted, each in a few words: none to {MOST_ITEMS}.",
        "items": {"type": "string"},
    },
    follow_ups={
        "type": "array",
        "description": (
            "What people of the business still have to do because of this call: what was promised, or left open. Not "
            f"what was done in the call, as the lines `Tool` say. At most {MOST_ITEMS}."
        ),
        "items": _object(
            what=_text("What is to be done, in a few words."),
            when=_text("By when, in the words that were said; empty if nothing was said."),
            about=_text("What sort of thing it is.", enum=[each.value for each in About]),
        ),
    },
    sentiment=_text(
        "How the caller felt at the end; unknown if the words don't tell.", enum=[each.value for each in Sentiment]
    ),
)
"""The form of an answer, in the part of JSON schema that OpenAI's strict mode takes: every property is required, none
may be added, everything has a type, and sizes are not said by keywords (`maxLength`) that older models refuse."""


def read(answer: str) -> Gist:
    """Returns what a model has answered, cut to our sizes. Raises `NotAGist`, which doesn't quote it."""
    try:
        found = msgspec.json.decode(_whole(answer).encode(), type=_Answer)
    except (msgspec.DecodeError, RecursionError):
        raise NotAGist("no JSON of the form that was asked for") from None
    if not (summary := summary_in(found.summary)):
        raise NotAGist("an empty summary")
    follow_ups = (
        FollowUp(what, _cut(each.when, LONGEST_WHEN), About(each.about))
        for each in found.follow_ups
        if (what := _cut(each.what, LONGEST_ITEM))
    )
    return Gist(
        summary, _different(found.wishes), tuple(dict.fromkeys(follow_ups))[:MOST_ITEMS], Sentiment(found.sentiment)
    )


def summary_in(text: str) -> str:
    """Returns a summary as it is kept."""
    return _whole(text).replace("\0", "").strip()[:LONGEST_SUMMARY]


def extract(said: Sequence[str], runs: Sequence[ToolRun], transfers: Sequence[Transfer]) -> Gist:
    """Returns what is certain without a model. Nothing is worded here.

    Args:
        said: what the caller said, turn by turn. The first words are the summary.
        runs: of the assistant's tools. What they were asked for are wishes.
        transfers: of the call. Whom the caller asked for and did not reach is a follow-up, if there is no message.
    """
    wishes = (str(run.arguments.get(_WISHES_IN[run.tool]) or "") for run in runs if run.tool in _WISHES_IN)
    is_reached = any(each.state == TransferState.ACCEPTED for each in transfers)
    missed = [each for each in transfers if each.state == TransferState.UNREACHED and not is_reached]
    asked = _different(each.about or each.name for each in missed)
    follow_ups = [FollowUp(what, about=About.CALL_BACK) for what in asked]
    return Gist(
        _cut(" ".join(said), LONGEST_EXTRACT), _different(wishes), tuple(each for _n, each in left(follow_ups, runs))
    )


def left(follow_ups: Iterable[FollowUp], runs: Iterable[ToolRun]) -> Iterator[tuple[int, FollowUp]]:
    """Yields the follow-ups that no tool has done in the call, each with its place."""
    done = {about for run in runs if run.fingerprint for about in DONE_BY.get(run.tool, ())}
    yield from ((place, each) for place, each in enumerate(follow_ups) if each.about not in done)


def stored(follow_ups: Iterable[FollowUp]) -> list[dict[str, str]]:
    """Returns follow-ups as a call's row has them."""
    return [{"what": each.what, "when": each.when, "about": each.about.value} for each in follow_ups]


def of_stored(follow_ups: Iterable[Mapping[str, str]]) -> list[FollowUp]:
    """Returns the follow-ups of a call's row."""
    return [FollowUp(each["what"], each["when"], About(each["about"])) for each in follow_ups]


def line(text: str) -> str:
    """Returns a text on one line."""
    return one_line(_whole(text))


def _different(texts: Iterable[str]) -> tuple[str, ...]:
    cut = (_cut(text, LONGEST_ITEM) for text in texts)
    return tuple(dict.fromkeys(text for text in cut if text))[:MOST_ITEMS]


def _cut(text: str, most: int) -> str:
    whole = line(text)
    return whole if len(whole) <= most else f"{whole[: most - 1].rstrip()}…"


def _whole(text: str) -> str:
    """Returns a text without halves of characters, which no database takes."""
    return text.encode("utf-8", "replace").decode()
