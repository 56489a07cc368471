"""What one call of the installation to itself has shown. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from calls.models import SyntheticFault
from calls.sandbox.telephone import call_report
from calls.sandbox.telephone.call_report import CallReport
from calls.sandbox.telephone.caller_track import Span
from calls.sandbox.telephone.media_stream import MediaStream

LONGEST_S: Final = 60.0
"""Of a call, whatever happens."""
SHORTEST_ANSWER_S: Final = 0.8
"""Twice as long as the tone for callers who wait (`calls/conversation/patience.py`)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A call in figures; None for what was not reached. `fault`: the first thing that went wrong.

    `first_sound_ms`: from the call's begin to the first sound, with the webhook and the stream's opening.
    `answer_ms`: from the caller's last voice to the first sound of the answer.
    `interruption_ms`: from the caller's first voice until the assistant is told to be silent.
    """

    fault: SyntheticFault | None = None
    greeting_whole: bool | None = None
    first_sound_ms: int | None = None
    answer_ms: int | None = None
    interruption_ms: int | None = None


def outcome_of(stream: MediaStream, *, greeting: bytes, opened_s: float, errors: list[str]) -> Outcome:
    """Returns what a stream that is over shows. `opened_s`: when it opened, since the call's begin."""
    figures = call_report.report(stream)
    whole = heard_whole(bytes(stream.playback.track), greeting)
    answer = _answer_s(figures)
    interrupted = figures.barge_ins[0] if figures.barge_ins else None
    clear_s = None if interrupted is None or interrupted.clear is None else interrupted.clear - interrupted.voice
    first = figures.heard[0].start if figures.heard else None
    return Outcome(
        fault=_fault(
            is_heard=bool(figures.heard),
            whole=whole,
            answered=answer is not None,
            talked_on=interrupted is not None and clear_s is None,
            broke_off=bool(errors),
        ),
        greeting_whole=whole,
        first_sound_ms=None if first is None else _ms(opened_s + first),
        answer_ms=None if answer is None else _ms(answer),
        interruption_ms=None if clear_s is None else _ms(clear_s),
    )


def is_answer(span: Span) -> bool:
    """Returns whether an utterance is more than the tone for callers who wait."""
    return span.end - span.start >= SHORTEST_ANSWER_S


def _answer_s(figures: CallReport) -> float | None:
    """Returns how long after the question the answer began."""
    if not figures.said:
        return None
    asked = figures.said[0].end
    return next((span.start - asked for span in figures.heard if span.start >= asked and is_answer(span)), None)


def heard_whole(heard: bytes, greeting: bytes) -> bool:
    """Returns whether the greeting was heard from the first to the last byte, without a gap."""
    return greeting in heard


def _fault(*, is_heard: bool, whole: bool, answered: bool, talked_on: bool, broke_off: bool) -> SyntheticFault | None:
    if not is_heard:
        return SyntheticFault.NO_GREETING
    if not whole:
        return SyntheticFault.GREETING_CUT
    if not answered:
        return SyntheticFault.NO_ANSWER
    if talked_on:
        return SyntheticFault.NOT_INTERRUPTED
    return SyntheticFault.BROKE_OFF if broke_off else None


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
