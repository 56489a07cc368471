"""A broadcast as pictures: how far it is, the funnel from sent to replied, and its course over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from django.db.models import Count, Max, Min, QuerySet
from django.db.models.functions import TruncSecond
from django.utils.translation import gettext as _

from whatsapp.counts import Counts
from whatsapp.models import Broadcast, InboundMessage, Recipient
from whatsapp.sending.limiter import most_of
from whatsapp.states import REACHED_PROVIDER, BroadcastStatus, RecipientStatus
from whatsapp.today import done_percent

WIDTH, HEIGHT = 600, 180
STEPS = 30


@dataclass(frozen=True, slots=True)
class Progress:
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
class Line:
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
    lines: list[Line]


def progress_of(broadcast: Broadcast, counts: Counts, *, now: datetime) -> Progress:
    """How far it is; the rate is what was really sent in the last minute, or what the number may do."""
    recent = Recipient.objects.filter(broadcast=broadcast, accepted_at__gt=now - timedelta(minutes=1))
    span = recent.aggregate(people=Count("pk"), first=Min("accepted_at"))
    per_second = None
    if span["people"]:
        per_second = span["people"] / max(1.0, (now - span["first"]).total_seconds())
    end = None
    if broadcast.status == BroadcastStatus.RUNNING and counts.open:
        end = now + timedelta(seconds=counts.open / (per_second or most_of(broadcast.sender)))
    return Progress(done_percent(counts), counts.open, per_second, end)


def funnel(broadcast: Broadcast, counts: Counts) -> list[Bar]:
    """From the people who could get it down to those who replied."""
    by_state = counts.by_state
    read = by_state[RecipientStatus.READ]
    replied = InboundMessage.objects.filter(recipient__broadcast=broadcast).values("recipient").distinct().count()
    steps = [
        (_("People"), counts.total - by_state[RecipientStatus.SKIPPED]),
        (_("Taken by WhatsApp"), sum(by_state[state] for state in REACHED_PROVIDER)),
        (_("Delivered"), by_state[RecipientStatus.DELIVERED] + read),
        (_("Read"), read),
        (_("Replied"), replied),
    ]
    most = max(1, steps[0][1])
    return [Bar(label, people, round(100 * people / most)) for label, people in steps]


def timeline(broadcast: Broadcast, *, now: datetime) -> Timeline | None:
    """How many were sent, delivered, read and replied by when; None before the first."""
    people = Recipient.objects.filter(broadcast=broadcast)
    ends = people.aggregate(
        first=Min("accepted_at"), sent=Max("accepted_at"), delivered=Max("delivered_at"), read=Max("read_at")
    )
    if ends["first"] is None:
        return None
    start = ends["first"]
    last = max(moment for moment in ends.values() if moment)
    end = max(min(now, last), start + timedelta(seconds=STEPS))
    series = [
        ("sent", _("Sent"), _moments(people, "accepted_at")),
        ("delivered", _("Delivered"), _moments(people, "delivered_at")),
        ("read", _("Read"), _moments(people, "read_at")),
        ("replied", _("Replied"), _replies(broadcast)),
    ]
    sums = {key: _sums(moments, start, end) for key, _label, moments in series}
    most = max(1, *(values[-1] for values in sums.values()))
    lines = [Line(key, label, sums[key][-1], _points(sums[key], most)) for key, label, _moments_ in series]
    return Timeline(start, end, most, lines)


Moments = list[tuple[datetime, int]]


def _moments(people: QuerySet[Recipient], field: str) -> Moments:
    """Seconds in which something happened, with how many people; never more rows than the sending took seconds."""
    counted = (
        people.filter(**{f"{field}__isnull": False})
        .order_by()
        .annotate(second=TruncSecond(field))
        .values_list("second")
        .annotate(people=Count("pk"))
    )
    return list(counted)


def _replies(broadcast: Broadcast) -> Moments:
    replies = InboundMessage.objects.filter(recipient__broadcast=broadcast).order_by()
    firsts = replies.values_list("recipient").annotate(first=Min("received_at"))
    return [(first, 1) for _recipient, first in firsts[:20_000]]


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
