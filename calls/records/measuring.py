"""What a call's trace says about how the call felt: interruptions, false pauses, its greeting, waits, who talked. Pure.

| figure | from |
|---|---|
| an interruption | the caller's first voiced frame → the marks that came back for the `clear`: silence |
| a false pause | the assistant fell silent for a voice that was none, and went on |
| a greeting heard | the mark after its last byte came back, with no `clear` before |

A mark that did not come back proves nothing: a greeting whose protection its deadline ended counts as not heard.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from calls.conversation.barge_in import Verdict
from calls.conversation.commands import ClearPlayback, Latency, Log, Measure, Play
from calls.conversation.events import MarkReturned, StreamResumed
from calls.conversation.first_utterance import End
from calls.records.traces import Decided, TraceLine

_RESUMED = f"{Verdict.RESUME.value}:"


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


def greeting_in(trace: Iterable[TraceLine]) -> Greeting:
    """Returns what was heard of a protected greeting: of all that was played until the first utterance was over."""
    last_mark, is_back, is_over, was_heard = "", True, False, False
    for line in trace:
        if isinstance(line, MarkReturned):
            is_back = is_back or line.name == last_mark
        elif isinstance(line, StreamResumed) and not is_over:
            is_back = True  # what its stream took along is said again, or was heard
        elif isinstance(line, Decided):
            match line.command:
                case Play(mark=mark) if not is_over:
                    last_mark, is_back = mark, False
                case ClearPlayback() if not is_back:
                    return Greeting.NOT_HEARD
                case Log(label="[FIRST_UTTERANCE]", text=text):
                    is_over, was_heard = True, text.startswith(End.HEARD.value)
        if is_over and is_back:
            break
    if not is_over:
        return Greeting.NONE if is_back else Greeting.LEFT
    return Greeting.HEARD if was_heard and is_back and last_mark else Greeting.NOT_HEARD


def covered_ms(stretches: Iterable[tuple[int, int]]) -> int:
    """Returns how long at least one of the stretches (start, end) lasts."""
    total, reached = 0, 0
    for start, end in sorted(stretches):
        total += max(end - max(start, reached), 0)
        reached = max(reached, end)
    return total
