"""Figures of a broadcast: its progress, the funnel from sent to replied, and the timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from django.db.models import Count, Max, Min

from whatsapp.broadcasts import course
from whatsapp.broadcasts.counts import Counts
from whatsapp.broadcasts.course import Step
from whatsapp.broadcasts.figures import Figure, number_of
from whatsapp.control.giving_up import POSSIBLE_IN
from whatsapp.models import Broadcast, Recipient
from whatsapp.sending.limiter import most_of
from whatsapp.states import BroadcastStatus, RecipientStatus

WIDTH, HEIGHT = 600, 180
STEPS = 30
SOON = timedelta(minutes=1)
"""Another try within this time is not worth a word: the page is newer sooner than somebody has read it."""


@dataclass(frozen=True, slots=True)
class SendingProgress:
    """How far the sending is, its rate, and when it will be done (None: unknown, or nothing is left).

    `waiting`: those among `to_send` who are tried again after a pause, the first at `next_try`, the last at `last_try`.
    """

    percent: int
    to_send: int
    per_second: float | None
    expected_end: datetime | None
    waiting: int = 0
    next_try: datetime | None = None
    last_try: datetime | None = None

    @property
    def only_waits(self) -> bool:
        """Nobody is left but those who wait for another try."""
        return self.waiting > 0 and self.waiting == self.to_send


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of the funnel; `percent` is of the people to reach."""

    figure: Figure
    people: int
    percent: int


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One series of the timeline: how a figure grew to its `total`. `points` is in the form of an SVG polyline."""

    key: str
    label: str
    total: int
    points: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Cumulative counts from `start` to `end`; the vertical axis ends at `most`."""

    start: datetime
    end: datetime
    most: int
    lines: list[ChartLine]


def progress_of(broadcast: Broadcast, counts: Counts, steps: Sequence[Step], *, now: datetime) -> SendingProgress:
    """Returns the progress; the rate is that of the last minute, or else what the number may send."""
    is_running = broadcast.status == BroadcastStatus.RUNNING
    waiting, first, last = _tries(broadcast, counts, now) if broadcast.status in POSSIBLE_IN else (0, None, None)
    per_second = _rate(broadcast, steps, now) if is_running else None
    end = None
    if is_running and counts.open > waiting:
        end = now + timedelta(seconds=(counts.open - waiting) / (per_second or most_of(broadcast.sender)))
        end = max(end, last) if last else end
    return SendingProgress(counts.done_percent, counts.open, per_second, end, waiting, first, last)


def _tries(broadcast: Broadcast, counts: Counts, now: datetime) -> tuple[int, datetime | None, datetime | None]:
    """Returns how many wait longer than `SOON` for another try, and when the first and the last of them are tried."""
    if not counts.by_state[RecipientStatus.RETRY_WAIT]:
        return 0, None, None
    waiting = Recipient.objects.filter(
        broadcast=broadcast, status=RecipientStatus.RETRY_WAIT, next_attempt_at__gt=now + SOON
    )
    found = waiting.aggregate(people=Count("pk"), first=Min("next_attempt_at"), last=Max("next_attempt_at"))
    return found["people"], found["first"], found["last"]


def _rate(broadcast: Broadcast, steps: Sequence[Step], now: datetime) -> float | None:
    """Returns messages per second in the last minute, or in the step that it belongs to; None if there were none."""
    minute_ago = now - timedelta(minutes=1)
    recent = [step for step in steps if step.sent and _end_of(step, broadcast) > minute_ago]
    people = sum(step.sent for step in recent)
    return people / max(1.0, (now - recent[0].at).total_seconds()) if people else None


def _end_of(step: Step, broadcast: Broadcast) -> datetime:
    return step.at + course.width(step.at - course.begins_at(broadcast))


def steps_of(broadcast: Broadcast, counts: Counts) -> list[Step] | None:
    """Returns the steps of the course, None if it is still to be counted; before anything is sent, without a query."""
    untouched = (RecipientStatus.PENDING, RecipientStatus.SKIPPED, RecipientStatus.CANCELLED)
    if counts.total == sum(counts.by_state[state] for state in untouched):
        return []
    return course.kept(broadcast)


def pictures(
    broadcast: Broadcast, counts: Counts, steps: Sequence[Step], *, now: datetime
) -> tuple[list[Bar], Timeline | None]:
    """Returns funnel and timeline."""
    bars = funnel(counts, replied=sum(step.replied for step in steps))
    return bars, timeline(broadcast, steps, {bar.figure: bar.people for bar in bars}, now=now)


def funnel(counts: Counts, *, replied: int) -> list[Bar]:
    """Returns the steps from the people who could get it down to those who replied."""
    summed = (Figure.TO_REACH, Figure.TAKEN, Figure.DELIVERED, Figure.READ)
    steps = [(figure, number_of(counts, figure)) for figure in summed] + [(Figure.REPLIED, replied)]
    most = max(1, steps[0][1])
    return [Bar(figure, people, round(100 * people / most)) for figure, people in steps]


def timeline(
    broadcast: Broadcast, steps: Sequence[Step], totals: Mapping[Figure, int], *, now: datetime
) -> Timeline | None:
    """Returns how many were taken, delivered, read and had replied by each time; None before the first.

    It ends with the last step, and never after now. A step counts at its end, when all of it has happened.
    """
    sent = [step for step in steps if step.sent]
    if not sent:
        return None
    start = sent[0].at
    ends = [min(now, _end_of(step, broadcast)) for step in steps]
    end = max(start, *ends)
    shown = {"sent": Figure.TAKEN, "delivered": Figure.DELIVERED, "read": Figure.READ, "replied": Figure.REPLIED}
    sums = {key: _sums([getattr(step, key) for step in steps], ends, start, end) for key in shown}
    most = max(1, *(values[-1] for values in sums.values()))
    lines = [
        ChartLine(key, str(figure.label), totals[figure], _points(sums[key], most)) for key, figure in shown.items()
    ]
    return Timeline(start, end, most, lines)


def _sums(people: Sequence[int], moments: Sequence[datetime], start: datetime, end: datetime) -> list[int]:
    """Returns cumulative counts at `STEPS` + 1 moments from start to end, of people at each of `moments`."""
    points = [0] * (STEPS + 1)
    length = (end - start).total_seconds() or 1.0
    for number, moment in zip(people, moments, strict=True):
        share = (moment - start).total_seconds() / length
        points[min(STEPS, max(0, round(share * STEPS)))] += number
    return list(accumulate(points))


def _points(values: list[int], most: int) -> str:
    step = WIDTH / STEPS
    return " ".join(
        f"{number * step:.0f},{HEIGHT - (HEIGHT - 10) * value / most:.1f}" for number, value in enumerate(values)
    )
