"""What callers hear first, put together of recordings. Pure.

The opening words are the greeting, or that of closed hours, and the notice of recording. They are one utterance: the
audio of their parts is joined before a call begins, so that it is played, protected and certified as one.

| recordings that are ready | callers hear |
|---|---|
| no part in a person's own voice | all words as one rendering |
| one part in a person's own voice | this, joined with a rendering of the other |
| both parts | both, joined |
| all words in a person's own voice, of an earlier version of this program | this, until a part is recorded anew |
| a part is missing | all words as one rendering, until it is ready |
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from businesses.models import Business
from calls.models import GreetingPart


class Recorded(Protocol):
    """A recording of some words; without `rendered_at` there is no audio yet."""

    @property
    def text(self) -> str:
        """The words."""

    @property
    def is_own(self) -> bool:
        """Whether a person of the business says them."""

    @property
    def rendered_at(self) -> datetime | None:
        """Since when it may be played."""


R = TypeVar("R", bound=Recorded)


def text_of(business: Business, part: GreetingPart) -> str:
    """Returns the words of a part as they are written now; "" if callers hear none."""
    match part:
        case GreetingPart.GREETING:
            return business.greeting_text.strip()
        case GreetingPart.CLOSED:
            return business.closed_greeting_text.strip()
        case GreetingPart.NOTICE:
            return business.notice()
        case GreetingPart.TOGETHER:
            return business.opening_words() if len(texts(business)) > 1 else ""


def texts(business: Business) -> tuple[str, ...]:
    """Returns the parts of the opening words, in the order in which callers hear them."""
    return tuple(filter(None, (business.greeting_text.strip(), business.notice())))


def best(text: str, found: Sequence[R]) -> R | None:
    """Returns the recording of these words to be played; None if there is none. `found`: the best come first."""
    return next((each for each in found if each.text == text and each.rendered_at), None)


def chosen(parts: tuple[str, ...], found: Sequence[R]) -> list[R]:
    """Returns the recordings to be played one after another; none if the assistant must speak the words itself.

    `parts`: of the opening words, in their order. `found`: recordings of all the words and of parts, the best first.
    """
    whole = best(" ".join(parts), found)
    joined = [each for part in parts if (each := best(part, found))]
    own_since = [each.rendered_at for each in joined if each.is_own and each.rendered_at]
    if len(joined) == len(parts) > 1 and own_since:
        is_newer = not (whole and whole.is_own and whole.rendered_at) or whole.rendered_at <= max(own_since)
        if is_newer:
            return joined
    return [whole] if whole else []


def to_render(parts: tuple[str, ...], own: Collection[str]) -> list[str]:
    """Returns the words that the assistant's voice should have ready: all, and those of a part beside an own one.

    `own`: the words of which a person's own recording is ready.
    """
    if not parts:
        return []
    others = [part for part in parts if part not in own] if any(part in own for part in parts) else []
    return list(dict.fromkeys([" ".join(parts), *others]))
