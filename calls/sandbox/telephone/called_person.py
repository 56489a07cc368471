"""Whoever answers, or does not, when the simulated Twilio dials a number."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Does(StrEnum):
    """What a called person does."""

    ACCEPTS = "accepts"  # answers, presses its key (1) if asked for one, and talks
    REFUSES = "refuses"  # answers, and presses 2
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    FAILS = "fails"  # there is no such number
    VOICEMAIL = "voicemail"  # answers, speaks, and presses nothing
    HANGS_UP = "hangs-up"  # answers, and hangs up in the middle of the first words


@dataclass(frozen=True, slots=True)
class CalledPerson:
    """One number that is dialled. It rings for `rings_s`; a talk lasts `talks_s`. Real telephones take longer.

    `key`: what a person presses who accepts.
    """

    does: Does = Does.ACCEPTS
    rings_s: float = 1.0
    talks_s: float = 2.0
    key: str = "1"


@dataclass(slots=True)
class Dialled:
    """A number that was dialled: what Twilio was told to do, what its person heard, and how it ended.

    `attributes`: those of `<Dial>`. `status`: Twilio's DialCallStatus. `ended_at`: the event loop's time.
    """

    number: str
    attributes: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    status: str = ""
    is_bridged: bool = False
    ended_at: float = 0.0
