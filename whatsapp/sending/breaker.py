"""Stops a broadcast most of whose messages fail, before it fails for everybody. Pure.

Answers and later reports are judged alike (`verdict_of`): the sending process counts the answers as they come,
`bursts` the reports that are stored in the rows.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from whatsapp.providers.base import ErrorRule, SendOutcome

IN_A_ROW = 5
WINDOW = 100
SHARE = 0.2
LEAST_SAMPLE = 50
EVERYBODY_IN_A_ROW = 30
EVERYBODY = 0.8
"""Share of people who can't be reached, each for a reason of their own, above which that is no coincidence."""


class Verdict(Enum):
    """What the end of one message says about the others of its broadcast."""

    FINE = "fine"
    FAULT = "fault"  # it failed because of what was sent, or at WhatsApp: others will, too
    PERSON = "person"  # it failed because of its person: that says something only if everybody does


def verdict_of(rule: ErrorRule | None, *, is_final: bool) -> Verdict | None:
    """Returns the verdict of a message that failed by this rule; None if it says nothing about others.

    `is_final`: it is not tried again by itself. Rules that stop a broadcast by themselves give no verdict.
    """
    if rule is None:
        return None
    if rule.counts_against_broadcast:
        return Verdict.FAULT
    match rule.outcome:
        case SendOutcome.RETRY if is_final:
            return Verdict.FAULT
        case SendOutcome.PERMANENT:
            return Verdict.PERSON
    return None


@dataclass(slots=True)
class Breaker:
    """Watches how the messages of one broadcast end. `recent` leaves out failures of a person, `everybody` doesn't."""

    in_a_row: int = 0
    all_in_a_row: int = 0
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))
    everybody: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def note(self, *, failed: bool, for_its_person: bool = False) -> None:
        """Count the end of a message; `for_its_person`: it failed because of the person alone."""
        self.all_in_a_row = self.all_in_a_row + 1 if failed else 0
        self.everybody.append(failed)
        if not (failed and for_its_person):  # between two faults it says nothing for or against the template
            self.in_a_row = self.in_a_row + 1 if failed else 0
            self.recent.append(failed)

    @property
    def is_open(self) -> bool:
        """Whether the broadcast must pause."""
        return (
            self.in_a_row >= IN_A_ROW
            or self.all_in_a_row >= EVERYBODY_IN_A_ROW
            or _exceeds(self.recent, SHARE)
            or _exceeds(self.everybody, EVERYBODY)
        )

    def reset(self) -> None:
        """Start counting afresh, after somebody resumed the broadcast."""
        self.in_a_row = self.all_in_a_row = 0
        self.recent.clear()
        self.everybody.clear()


def _exceeds(ends: deque[bool], share: float) -> bool:
    return len(ends) >= LEAST_SAMPLE and sum(ends) > share * len(ends)


def is_burst(verdicts: Iterable[Verdict]) -> bool:
    """Returns whether these ends of messages, the oldest first, open a breaker."""
    breaker = Breaker()
    for verdict in verdicts:
        breaker.note(failed=verdict is not Verdict.FINE, for_its_person=verdict is Verdict.PERSON)
    return breaker.is_open


def codes_to_blame(codes: Iterable[str]) -> list[str]:
    """Returns which errors opened a breaker: those met at least `IN_A_ROW` times; else the most frequent one."""
    counted = Counter(codes)
    often = sorted(code for code, times in counted.items() if times >= IN_A_ROW)
    return often or [code for code, _times in counted.most_common(1)]
