"""The results as a table of Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from testing.faults.callers import Outcome
from testing.faults.trial import Result

HEAD = (
    "| fault | calls in flight | served | put through | VoiceFallbackUrl | greetings whole | longest silence, s "
    "| messages sent | unknown | waiting | lost | doubled | back after, s (calls, messages) |"
)


def row(result: Result) -> str:
    """Returns one line."""
    heard, served = result.greetings
    course = result.course
    cells = (
        result.fault.name,
        result.in_flight,
        result.outcomes[Outcome.SERVED],
        result.outcomes[Outcome.PUT_THROUGH],
        result.outcomes[Outcome.VOICE_FALLBACK],
        f"{heard} of {served}",
        f"{result.silence_s:.1f}",
        course.posted,
        course.unknown,
        course.waiting,
        course.lost,
        course.doubled,
        f"{_seconds(result.calls_back_s)}, {_seconds(result.messages_back_s)}",
    )
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def lines(results: Iterable[Result]) -> list[str]:
    """Returns the whole table."""
    return [HEAD, "|---" * HEAD.count("| ") + "|", *(row(result) for result in results)]


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"
