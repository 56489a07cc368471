"""A broadcast as pictures: how far it is, the funnel from sent to replied, and its course over time."""

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
    """How far the sending is, how fast, and when it will be done (None: not known, or nothing is left)."""

    percent: int
    to_send: int
    per_second: float | None
    expected_end: datetime | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of the funnel; `percent` of those who could get it."""

    label: str
    people: int
    percent: int


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One series of the timeline; `points` as an SVG polyline wants them."""

    key: str
    label: str
    total: int
    points: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Cumulated sums from `start` to `end`, `most` at the top."""

    start: datetime
    end: datetime
    most: int
    lines: list[ChartLine]


def progress_of(broadcast: Broadcast, counts: Counts, *, now: datetime) -> SendingProgress:
    """How far it is; the rate is what was really sent in the last minute, or what the number may do."""
    per_second = _rate(broadcast, now) if broadcast.status == BroadcastStatus.RUNNING else None
    end = None
    if broadcast.status == BroadcastStatus.RUNNING and counts.open:
        end = now + timedelta(seconds=counts.open / (per_second or most_of(broadcast.sender)))
    return SendingProgress(counts.done_percent, counts.open, per_second, end)


def _rate(broadcast: Broadcast, now: datetime) -> float | None:
    """Messages a second of the last minute; None when there was none."""
    recent = Recipient.objects.filter(broadcast=broadcast, accepted_at__gt=now - timedelta(minutes=1))
    span = recent.aggregate(people=Count("pk"), first=Min("accepted_at"))
    return span["people"] / max(1.0, (now - span["first"]).total_seconds()) if span["people"] else None


def pictures(broadcast: Broadcast, counts: Counts, *, now: datetime) -> tuple[list[Bar], Timeline | None]:
    """Funnel and timeline, which share their queries; of a broadcast that has sent nothing, without any."""
    untouched = (RecipientStatus.PENDING, RecipientStatus.SKIPPED, RecipientStatus.CANCELLED)
    if counts.total == sum(counts.by_state[state] for state in untouched):
        return funnel(counts, replied=0), None
    replies = _replies(broadcast)
    return funnel(counts, replied=len(replies)), timeline(broadcast, replies, now=now)


def funnel(counts: Counts, *, replied: int) -> list[Bar]:
    """From the people who could get it down to those who replied."""
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
    """How many were sent, delivered, read and replied by when; None before the first."""
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
    """Seconds in which something happened, with how many people; never more rows than the sending took seconds."""
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
    """When each person replied first."""
    replies = InboundMessage.objects.filter(recipient__broadcast=broadcast).order_by()
    firsts = replies.values_list("recipient").annotate(first=Min("received_at"))
    return [(first, 1) for _recipient, first in firsts]


def _sums(moments: Moments, start: datetime, end: datetime) -> list[int]:
    """Cumulated sums at `STEPS` + 1 moments from start to end; what comes later counts at the end."""
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
