"""What the page of the greeting shows: what callers hear first, and a person's recordings of each of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from businesses.hours.after_hours import as_closed
from businesses.models import Business
from calls.audio import ulaw
from calls.audio.greeting_quality import usual_seconds
from calls.greetings import own_recordings, recordings
from calls.greetings.opening import text_of, texts
from calls.models import GreetingAudio, GreetingPart, GreetingState

_OFFERED = (GreetingState.PENDING, GreetingState.TO_HEAR)


@dataclass(frozen=True, slots=True)
class Opening:
    """What callers hear first, while the business is open or closed.

    `greeting`: all the words in the assistant's voice. `heard`: the recordings that are played one after another.
    `waits_for_rest`: a part is recorded in a person's voice and is heard when the rest is ready.
    """

    is_closed: bool
    words: str
    greeting: GreetingAudio | None
    heard: list[GreetingAudio]
    waits_for_rest: bool

    @property
    def when(self) -> str:
        """The word for it in addresses."""
        return "closed" if self.is_closed else "open"

    @property
    def has_own(self) -> bool:
        """Whether a person's voice is in it."""
        return any(each.is_own for each in self.heard)

    @property
    def is_all_own(self) -> bool:
        """Whether no other voice is in it."""
        return bool(self.heard) and all(each.is_own for each in self.heard)

    @property
    def is_waiting(self) -> bool:
        """Whether a recording is still to come in the assistant's voice."""
        return not self.has_own and (self.greeting is None or self.greeting.state == GreetingState.PENDING)

    @property
    def version(self) -> str:
        """Another one after each change: browsers then ask for the sound again."""
        return "-".join(str(int(each.rendered_at.timestamp())) for each in self.heard if each.rendered_at)


@dataclass(frozen=True, slots=True)
class PartShown:
    """A person's recordings of one text. `outdated`: what was heard before the text was changed.

    `size`: in bytes, of the recording that is offered, or else of the one that is heard; 0 without one.
    """

    part: GreetingPart
    words: str
    accepted: GreetingAudio | None
    offered: GreetingAudio | None
    previous: GreetingAudio | None
    outdated: GreetingAudio | None
    size: int

    @property
    def odd_length(self) -> str:
        """Returns what is odd about the length of a recording that is offered or heard; "" if nothing is."""
        if not self.size:
            return ""
        seconds = round(self.size / ulaw.SAMPLE_RATE)
        low, high = usual_seconds(self.words)
        if low <= seconds <= high:
            return ""
        return _(
            "The recording lasts %(seconds)d s. These words usually take %(low)d to %(high)d s: "
            "is every word said, and nothing else?"
        ) % {"seconds": seconds, "low": low, "high": high}


def openings(business: Business, shown: Sequence[PartShown]) -> list[Opening]:
    """Returns what callers hear first; nothing where they hear nothing."""
    own = {each.words for each in shown if each.accepted}
    found = []
    for each in recordings.versions(business):
        if parts := texts(each):
            heard = recordings.heard(each)
            waits = not any(row.is_own for row in heard) and not own.isdisjoint(parts)
            greeting = recordings.current(each)
            found.append(Opening(each is not business, each.opening_words(), greeting, heard, waits))
    return found


def parts(business: Business) -> list[PartShown]:
    """Returns the texts that can be recorded; recordings of both texts together only if there are some."""
    sized = own_recordings.all_of(business)
    rows, sizes = [row for row, _size in sized], {row.pk: size for row, size in sized}
    together = text_of(business, GreetingPart.TOGETHER)
    found = (_shown(part, text_of(business, part), rows, sizes, together) for part in GreetingPart)
    return [
        each for each in found if each.words and (each.part != GreetingPart.TOGETHER or each.accepted or each.previous)
    ]


def _shown(
    part: GreetingPart, words: str, rows: Sequence[GreetingAudio], sizes: dict[UUID, int], together: str
) -> PartShown:
    def first(found: Iterator[GreetingAudio]) -> GreetingAudio | None:
        return next(found, None)

    same = [row for row in rows if row.text == words]
    accepted = first(row for row in same if row.state == GreetingState.READY)
    offered = first(row for row in same if row.state in _OFFERED)
    measured = offered or accepted
    earlier = (
        row for row in rows
        if row.part == part and row.state == GreetingState.READY and row.text not in (words, together)
    )  # fmt: skip
    return PartShown(
        part=part,
        words=words,
        accepted=accepted,
        offered=offered,
        previous=first(row for row in same if row.state == GreetingState.REPLACED),
        outdated=None if accepted or part == GreetingPart.TOGETHER else first(earlier),
        size=sizes[measured.pk] if measured else 0,
    )


def version_of(business: Business, when: str) -> Business | None:
    """Returns the business as callers meet it while it is open or closed; None if it makes no difference."""
    if when == "open":
        return business
    closed = as_closed(business)
    return closed if closed is not business else None
