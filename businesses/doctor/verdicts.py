"""What a check has found (pure). Words are English sentences for an operator, like those of every command."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Of one check."""

    OK = "ok"
    WRONG = "wrong"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`says`: what was found. `mend`: what to do about it; "" unless something is wrong."""

    state: State
    says: str
    mend: str = ""


def ok(says: str) -> Verdict:
    """Returns that all is well."""
    return Verdict(State.OK, says)


def wrong(says: str, mend: str) -> Verdict:
    """Returns that something has to be mended, and how."""
    return Verdict(State.WRONG, says, mend)


def not_tried(says: str) -> Verdict:
    """Returns that it could not be tried, or need not be, and why."""
    return Verdict(State.NOT_TRIED, says)
