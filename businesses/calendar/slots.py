"""When an appointment can start: opening times less what is taken, with what is kept free around it. Pure.

All times are aware. They are reckoned in UTC, so that a day on which clocks change has its true length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A time from `start` until just before `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Shape:
    """How long an appointment lasts, what is kept free around it, and how often one can start."""

    length: timedelta
    before: timedelta
    after: timedelta
    step: timedelta

    def held(self, start: datetime) -> Span:
        """Returns what an appointment takes of the calendar if it starts then."""
        return Span(start.astimezone(UTC) - self.before, start.astimezone(UTC) + self.length + self.after)


def free_starts(
    opened: Iterable[Span], taken: Iterable[Span], shape: Shape, *, earliest: datetime, latest: datetime
) -> Iterator[datetime]:
    """Yields every start (UTC) in order, from `earliest` to `latest`, both included.

    An appointment starts whole steps after an opening begins, and lies within it and those that touch it. What is kept
    free around it may lie outside, but never overlaps what is taken.
    """
    occupied = joined(taken)
    first, last = earliest.astimezone(UTC), latest.astimezone(UTC)
    for opening, closes in _apart(opened):
        start = _on_step(opening.start, first, shape.step)
        while start <= last and start < opening.end and start + shape.length <= closes:
            held = shape.held(start)
            blocking = next((span for span in occupied if span.end > held.start and span.start < held.end), None)
            if blocking is None:
                yield start
                start += shape.step
            else:
                start = _on_step(opening.start, blocking.end + shape.before, shape.step)


def _apart(opened: Iterable[Span]) -> Iterator[tuple[Span, datetime]]:
    """Yields the openings in order, none reaching into the next, each with the time when it is closed at last."""
    spans = sorted(span for span in (_in_utc(each) for each in opened) if span.start < span.end)
    whole = iter(joined(spans))
    current = next(whole, None)
    for number, span in enumerate(spans):
        while current is not None and current.end <= span.start:
            current = next(whole, None)
        end = min(span.end, spans[number + 1].start) if number + 1 < len(spans) else span.end
        if current is not None and span.start < end:
            yield Span(span.start, end), current.end


def is_free(held: Span, taken: Iterable[Span]) -> bool:
    """Returns whether nothing that is taken overlaps this."""
    return not any(span.end > held.start and span.start < held.end for span in taken)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Returns the spans in UTC and in order; those that touch or overlap are one, and empty ones are left out."""
    found: list[Span] = []
    for span in sorted(map(_in_utc, spans)):
        if span.end <= span.start:
            continue
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def _in_utc(span: Span) -> Span:
    return Span(span.start.astimezone(UTC), span.end.astimezone(UTC))


def _on_step(opening: datetime, earliest: datetime, step: timedelta) -> datetime:
    """Returns the first time that is whole steps after the opening, and not before `earliest`."""
    late = max(earliest - opening, timedelta(0))
    return opening + step * -(-late // step)
