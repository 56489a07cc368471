"""What waits in the database, for `/metrics` and the operator: one reading serves everybody for five seconds.

Each query is answered from an index that holds little more than what waits. They run in a thread of their own: while
the database does not answer, only that thread waits, and `now` says that nothing is known.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Min, Q, QuerySet, Value
from django.utils import timezone

from businesses import database_watch
from businesses.models import DeliveryState, WebhookDelivery
from businesses.tenancy import across_businesses
from calls.models import Call, GreetingAudio, GreetingState, SyntheticCall, WeekOfCalls
from calls.short_waits import own_connection
from calls.synthetic import runs
from frontdesk import calendar_figures, hook_figures
from whatsapp.broadcasts import course
from whatsapp.broadcasts.counts import counts_of_many
from whatsapp.models import (
    Broadcast,
    ContactImport,
    CourseStep,
    ImportStatus,
    InboundMedia,
    MediaStatus,
    Recipient,
    Sender,
    SenderHealth,
    WebhookNews,
)
from whatsapp.states import LIVE_BROADCASTS, BroadcastStatus, RecipientStatus

logger = logging.getLogger(__name__)

KEPT_S: Final = 5.0
PATIENCE_S: Final = 2.0
"""How long a reader waits for the database. Prometheus waits 10 s for the whole page."""
RATE_OVER: Final = timedelta(minutes=1)
LONGEST_RATE: Final = timedelta(minutes=30)
STANDING: Final = (*LIVE_BROADCASTS, BroadcastStatus.CANCELLING)
NOT_READY: Final = (GreetingState.PENDING, GreetingState.FAILED, GreetingState.TO_HEAR)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work of one kind that is due: how much, and for how long the oldest of it (seconds; 0 if there is none)."""

    amount: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the whole installation."""

    work: dict[str, Waiting]
    broadcasts: dict[str, int]
    """Broadcasts that are not over, by their status."""
    people: dict[tuple[str, str], int]
    """Their people, by the broadcast's status and their own."""
    sent_per_s: float
    """Messages that leave in a second, of all running broadcasts, by the last minute or so."""
    greetings: dict[str, int]
    """Greetings without good audio, by their state."""
    senders_blocked: int
    hooks: hook_figures.Hooks
    calendars: calendar_figures.CalendarSources
    weeks_below: int
    """Weeks of calls, each of a business, of the last fourteen days, that fell short of what they promise."""
    synthetic: SyntheticCall | None = None
    """How the last call of the installation to itself went, if it makes any."""


def now() -> Backlog | None:
    """Returns what waits, as of the last five seconds; None if the database does not say so soon."""
    if database_watch.is_away():
        return None
    if time.monotonic() - _Known.at >= KEPT_S:
        if _Known.reading is None or _Known.reading.done():
            _Known.reading = _thread.submit(_read_apart)
        try:
            _Known.backlog, _Known.at = _Known.reading.result(PATIENCE_S), time.monotonic()
        except (DatabaseError, TimeoutError) as error:
            logger.warning("What waits in the database is not known: %s", type(error).__name__)
            return None
        except Exception:  # a mistake of ours must not take the other figures with it
            logger.exception("What waits in the database could not be read")
            return None
    return _Known.backlog


def read(at: datetime) -> Backlog:
    """Returns what waits at a moment, in eleven queries, or twelve. Raises `DatabaseError`."""
    with across_businesses():  # figures of the whole installation; no name and no text of a business is among them
        work = {kind: Waiting(amount, _age_s(oldest, at)) for kind, amount, oldest in _waiting(at)}
        standing = dict(Broadcast.objects.filter(status__in=STANDING).values_list("pk", "status"))
        people: dict[tuple[str, str], int] = {}
        for broadcast_id, counts in counts_of_many(standing).items():
            for state, amount in counts.by_state.items():
                key = (standing[broadcast_id], state.value)
                people[key] = people.get(key, 0) + amount
        sent_per_s = _sent_per_s([each for each, status in standing.items() if status == BroadcastStatus.RUNNING], at)
        states = GreetingAudio.objects.filter(state__in=NOT_READY).order_by().values_list("state")
        greetings = dict(states.annotate(amount=Count("pk")))
        blocked = Sender.objects.exclude(health=SenderHealth.READY).count()
        hooks, calendars = hook_figures.read(at), calendar_figures.read(at)
        weeks_below = WeekOfCalls.objects.filter(is_below=True, monday__gt=(at - timedelta(days=14)).date()).count()
    return Backlog(
        work=work,
        broadcasts={status.value: list(standing.values()).count(status) for status in STANDING},
        people={(on, state): people.get((on, state), 0) for on in STANDING for state in RecipientStatus.values},
        sent_per_s=sent_per_s,
        greetings={state.value: greetings.get(state, 0) for state in NOT_READY},
        senders_blocked=blocked,
        hooks=hooks,
        calendars=calendars,
        weeks_below=weeks_below,
        synthetic=runs.latest() if settings.SYNTHETIC_CALL_MINUTES else None,
    )


def _waiting(at: datetime) -> list[tuple[str, int, datetime | None]]:
    """Returns amount and oldest time of each kind of work that is due, in one query."""
    hooks_due = Q(state=DeliveryState.WAITING, endpoint__is_on=True)
    due = [
        _sum("news", WebhookNews.objects.filter(applied_at__isnull=True), "received_at"),
        _sum("summaries", Call.objects.filter(summary_due_at__lte=at), "summary_due_at"),
        _sum("greetings", GreetingAudio.objects.filter(state=GreetingState.PENDING), "next_attempt_at"),
        _sum("imports", ContactImport.objects.filter(status=ImportStatus.RUNNING), "started_at"),
        _sum("media", InboundMedia.objects.filter(status=MediaStatus.WAITING), "next_attempt_at"),
        _sum("webhooks", WebhookDelivery.objects.filter(hooks_due, due_at__lte=at), "due_at"),
        _sum("unknown_messages", Recipient.objects.filter(status=RecipientStatus.UNKNOWN), "accepted_at"),
    ]
    return list(due[0].union(*due[1:], all=True))


def _sum(kind: str, rows: QuerySet[Any], since: str) -> Any:
    named = rows.order_by().annotate(work=Value(kind)).values("work")
    return named.annotate(amount=Count("pk"), oldest=Min(since)).values_list("work", "amount", "oldest")


def _age_s(oldest: datetime | None, at: datetime) -> float:
    return max((at - oldest).total_seconds(), 0.0) if oldest else 0.0


def _sent_per_s(running: Collection[UUID], at: datetime) -> float:
    """Returns what leaves now. Steps of an old course are long: two of them are looked at, half an hour at most."""
    steps = CourseStep.objects.filter(course__broadcast__in=running, at__gte=at - LONGEST_RATE)
    total = 0.0
    for begins_at, begin, sent in steps.order_by().values_list("course__begins_at", "at", "sent"):
        window = min(max(RATE_OVER, 2 * course.width(at - begins_at)), LONGEST_RATE)
        since = course.step_of(at - window, begins_at, at)
        if begin >= since:
            total += sent / max((at - since).total_seconds(), 1.0)
    return total


class _Known:
    """The last reading."""

    backlog: Backlog | None = None
    at = float("-inf")
    reading: Future[Backlog] | None = None


_thread = ThreadPoolExecutor(1, thread_name_prefix="backlog")


def _read_apart() -> Backlog:
    with own_connection():
        return read(timezone.now())
