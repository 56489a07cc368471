"""What a call's trace says about how the call felt: interruptions, false pauses, its greeting, waits, who talked. Pure.

| figure | from |
|---|---|
| an interruption | the caller's first voiced frame → the marks that came back for the `clear`: silence |
| a false pause | the assistant fell silent for a voice that was none, and went on |
| a greeting heard | its certificate says that it was heard whole (`certificates.py`) |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from calls.conversation import barge_in
from calls.conversation.commands import Latency, Log, Measure
from calls.records.certificates import Certificate, Verdict
from calls.records.traces import Decided, TraceLine

_RESUMED = f"{barge_in.Verdict.RESUME.value}:"


class Greeting(StrEnum):
    """What the caller heard of the fixed words at the start."""

    NONE = "none"  # the business has none, or the call ended before its first sound
    HEARD = "heard"
    LEFT = "left"  # the caller hung up meanwhile
    NOT_HEARD = "not_heard"


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one call. Times in milliseconds."""

    greeting: Greeting = Greeting.NONE
    pauses: int = 0
    false_pauses: int = 0
    interruptions: tuple[int, ...] = ()
    answers: tuple[int, ...] = ()
    caller_ms: int = 0
    assistant_ms: int = 0
    silence_ms: int = 0


@dataclass(slots=True)
class Pause:
    """The assistant fell silent. `wait_ms`: from the caller's first voiced frame to the `clear`."""

    at: float
    wait_ms: int
    confirmed_ms: int | None = None
    is_false: bool = False


def pauses_in(trace: Iterable[TraceLine]) -> list[Pause]:
    """Returns the times that the assistant fell silent for a voice, in order."""
    pauses: list[Pause] = []
    for line in trace:
        if not isinstance(line, Decided):
            continue
        match line.command:
            case Measure(what=Latency.BARGE_IN_PAUSE, milliseconds=wait_ms):
                pauses.append(Pause(line.at, wait_ms))
            case Measure(what=Latency.BARGE_IN_CONFIRMED, milliseconds=wait_ms) if pauses:
                if pauses[-1].confirmed_ms is None:
                    pauses[-1].confirmed_ms = wait_ms
            case Log(label="[BARGE-IN]", text=text) if pauses and text.startswith(_RESUMED):
                pauses[-1].is_false = True
    return pauses


def greeting_of(certificate: Certificate) -> Greeting:
    """Returns what was heard of a protected greeting: only what its certificate proves counts as heard."""
    match certificate.verdict:
        case Verdict.HEARD_WHOLE:
            return Greeting.HEARD
        case Verdict.LEFT:
            return Greeting.LEFT if certificate.bytes_sent else Greeting.NONE
        case Verdict.NO_GREETING:
            return Greeting.NONE
        case _:
            return Greeting.NOT_HEARD


def covered_ms(stretches: Iterable[tuple[int, int]]) -> int:
    """Returns how long at least one of the stretches (start, end) lasts."""
    total, reached = 0, 0
    for start, end in sorted(stretches):
        total += max(end - max(start, reached), 0)
        reached = max(reached, end)
    return total
