"""Figures of a broadcast: its progress, the funnel from sent to replied, and the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from django.db.models import Count, Min, Value
from django.db.models.functions import TruncSecond
from django.utils.translation import gettext as _

from whatsapp.broadcasts.counts import Counts
from whatsapp.models import Broadcast, InboundMessage, Recipient
from whatsapp.sending.limiter import most_of
from whatsapp.states import REACHED_PROVIDER, BroadcastStatus, RecipientStatus

WIDTH, HEIGHT = 600, 180
STEPS = 30


@dataclass(frozen=True, slots=True)
class SendingProgress:
    """How far the sending is, its rate, and when it will be done (None: unknown, or nothing is left)."""

    percent: int
    to_send: int
    per_second: float | None
    expected_end: datetime | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of the funnel; `percent` is of the people who could get the message."""

    label: str
    people: int
    percent: int


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One series of the timeline; `points` is in the form of an SVG polyline."""

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


def progress_of(broadcast: Broadcast, counts: Counts, *, now: datetime) -> SendingProgress:
    """Returns the progress; the rate is that of the last minute, or else what the number may send."""
    per_second = _rate(broadcast, now) if broadcast.status == BroadcastStatus.RUNNING else None
    end = None
    if broadcast.status == BroadcastStatus.RUNNING and counts.open:
        end = now + timedelta(seconds=counts.open / (per_second or most_of(broadcast.sender)))
    return SendingProgress(counts.done_percent, counts.open, per_second, end)


def _rate(broadcast: Broadcast, now: datetime) -> float | None:
    """Returns messages per second in the last minute; None if there were none."""
    recent = Recipient.objects.filter(broadcast=broadcast, accepted_at__gt=now - timedelta(minutes=1))
    span = recent.aggregate(people=Count("pk"), first=Min("accepted_at"))
    return span["people"] / max(1.0, (now - span["first"]).total_seconds()) if span["people"] else None


def pictures(broadcast: Broadcast, counts: Counts, *, now: datetime) -> tuple[list[Bar], Timeline | None]:
    """Returns funnel and timeline, which share their queries; before anything is sent, without a query."""
    untouched = (RecipientStatus.PENDING, RecipientStatus.SKIPPED, RecipientStatus.CANCELLED)
    if counts.total == sum(counts.by_state[state] for state in untouched):
        return funnel(counts, replied=0), None
    replies = _replies(broadcast)
    return funnel(counts, replied=len(replies)), timeline(broadcast, replies, now=now)


def funnel(counts: Counts, *, replied: int) -> list[Bar]:
    """Returns the steps from the people who could get it down to those who replied."""
    by_state = counts.by_state
    read = by_state[RecipientStatus.READ]
    steps = [
        (_("People"), counts.total - by_state[RecipientStatus.SKIPPED]),
        (_("Taken by WhatsApp"), sum(by_state[state] for state in REACHED_PROVIDER)),
        (_("Delivered"), by_state[RecipientStatus.DELIVERED] + read),
        (_("Read"), read),
        (_("Replied"), replied),
    ]
    most = max(1, steps[0][1])
    return [Bar(label, people, round(100 * people / most)) for label, people in steps]


Moments = list[tuple[datetime, int]]


def timeline(broadcast: Broadcast, replies: Moments, *, now: datetime) -> Timeline | None:
    """Returns how many were sent, delivered, read and had replied by each time; None before the first."""
    moments = _moments(broadcast)
    if not moments["sent"]:
        return None
    start = min(moment for moment, _people in moments["sent"])
    last = max(moment for series in moments.values() for moment, _people in series)
    end = max(min(now, last), start + timedelta(seconds=STEPS))
    moments["replied"] = replies
    labels = {"sent": _("Sent"), "delivered": _("Delivered"), "read": _("Read"), "replied": _("Replied")}
    sums = {key: _sums(moments[key], start, end) for key in labels}
    most = max(1, *(values[-1] for values in sums.values()))
    lines = [ChartLine(key, label, sums[key][-1], _points(sums[key], most)) for key, label in labels.items()]
    return Timeline(start, end, most, lines)


def _moments(broadcast: Broadcast) -> dict[str, Moments]:
    """Returns the number of people per second for each series; never more rows than sending took seconds."""
    people = Recipient.objects.filter(broadcast=broadcast).order_by()
    fields = {"sent": "accepted_at", "delivered": "delivered_at", "read": "read_at"}
    first, *others = (
        people.filter(**{f"{field}__isnull": False})
        .annotate(key=Value(key), second=TruncSecond(field))
        .values_list("key", "second")
        .annotate(people=Count("pk"))
        for key, field in fields.items()
    )
    found: dict[str, Moments] = {key: [] for key in fields}
    for key, second, count in first.union(*others, all=True):
        found[key].append((second, count))
    return found


def _replies(broadcast: Broadcast) -> Moments:
    """Returns when each person first replied."""
    replies = InboundMessage.objects.filter(recipient__broadcast=broadcast).order_by()
    firsts = replies.values_list("recipient").annotate(first=Min("received_at"))
    return [(first, 1) for _recipient, first in firsts]


def _sums(moments: Moments, start: datetime, end: datetime) -> list[int]:
    """Returns cumulative counts at `STEPS` + 1 moments from start to end; later events count at the end."""
    steps = [0] * (STEPS + 1)
    length = (end - start).total_seconds()
    for moment, people in moments:
        share = (moment - start).total_seconds() / length
        steps[min(STEPS, max(0, round(share * STEPS)))] += people
    return list(accumulate(steps))


def _points(values: list[int], most: int) -> str:
    step = WIDTH / STEPS
    return " ".join(
        f"{number * step:.0f},{HEIGHT - (HEIGHT - 10) * value / most:.1f}" for number, value in enumerate(values)
    )
