"""What `/metrics` shows besides what calls count (`calls/figures.py`): the process, the disk, and what waits.

Figures of the database come from `backlog.py`; without its answer they are absent, and one figure says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from prometheus_client import REGISTRY, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from calls.line import live
from calls.records import recorder
from frontdesk import (
    api_figures,  # noqa: F401 - its figures are shown, too
    backlog,
    calendar_figures,
    database_pool,
    disk,
    hook_figures,
    loop_lag,
    loop_tasks,
    request_lanes,  # noqa: F401 - its figures are shown, too
    stand_in_beat,
    synthetic_figures,
    webhook_figures,  # noqa: F401
)
from frontdesk.backups import latest


def disk_free_bytes() -> float:
    """Returns how much can still be written where recordings and uploads go; NaN if nobody can tell."""
    try:
        return float(disk.free_bytes())
    except OSError:
        return float("nan")


def install() -> None:
    """Have the figures of this process shown. Once for each process."""
    gauges: dict[str, tuple[str, Callable[[], float]]] = {
        "live_calls": ("Calls whose media streams are connected to this process", live.live_calls),
        "has_room": ("1 while this process takes one more call", live.has_room),
        "loop_lag_seconds": ("How late the event loop was at worst in the last five seconds", loop_lag.here.worst_s),
        "tasks": ("Asyncio tasks of this process", loop_tasks.here.count),
        "beat_seconds": ("Seconds since beat was last seen at work", partial(stand_in_beat.age_s, "beat")),
        "worker_seconds": ("Seconds since a worker was last seen at work", partial(stand_in_beat.age_s, "worker")),
        "backup_seconds": ("Seconds since the last backup on this machine", latest.age_s),
        "ends_unwritten": ("Calls that have ended and whose end is not written yet", recorder.unwritten_ends),
        "disk_free_bytes": ("Room where recordings and uploads are written", disk_free_bytes),
        **{
            f"database_{name}": (meaning, partial(database_pool.figure, name))
            for name, meaning in database_pool.FIGURES.items()
        },
    }
    for name, (meaning, function) in gauges.items():
        Gauge(f"frontdesk_{name}", meaning).set_function(function)
    REGISTRY.register(Pool())
    REGISTRY.register(FromTheDatabase())


class Pool(Collector):
    """What psycopg's pool has counted since it was made."""

    def collect(self) -> Iterable[Metric]:
        """Yields how long threads have waited for a connection, and how often in vain."""
        waited_s = database_pool.figure("requests_wait_ms") / 1000
        failed = database_pool.figure("requests_errors")
        yield CounterMetricFamily(
            "frontdesk_database_waited_seconds", "Seconds that threads waited for a connection", value=waited_s
        )
        yield CounterMetricFamily(
            "frontdesk_database_pool_timeouts", "Threads that waited for a connection in vain", value=failed
        )


class FromTheDatabase(Collector):
    """What the database says of the whole installation; the same from each of its processes."""

    def describe(self) -> Iterable[Metric]:
        """Returns the families without values: registering must not ask the database."""
        return _families(None)

    def collect(self) -> Iterable[Metric]:
        """Returns the families with their values, as of the last five seconds."""
        return _families(backlog.now())


def _families(known: backlog.Backlog | None) -> Iterable[Metric]:
    yield GaugeMetricFamily("frontdesk_database_answers", "1 if the figures below are known", value=known is not None)
    waiting = GaugeMetricFamily("frontdesk_waiting_work", "Work that is due", labels=["kind"])
    oldest = GaugeMetricFamily("frontdesk_oldest_work_seconds", "How long the oldest of it has waited", labels=["kind"])
    broadcasts = GaugeMetricFamily("frontdesk_broadcasts", "Broadcasts that are not over", labels=["status"])
    people = GaugeMetricFamily(
        "frontdesk_broadcast_people", "People of those broadcasts", labels=["broadcast", "status"]
    )
    sending = GaugeMetricFamily("frontdesk_messages_per_second", "Messages of broadcasts that leave in a second")
    greetings = GaugeMetricFamily("frontdesk_greetings_not_ready", "Greetings without good audio", labels=["state"])
    weeks = GaugeMetricFamily(
        "frontdesk_weeks_below_promise", "Businesses' weeks, of two, that fell below their promise"
    )
    senders = GaugeMetricFamily("frontdesk_senders_blocked", "WhatsApp numbers that can't be used")
    if known is not None:
        for kind, work in known.work.items():
            waiting.add_metric([kind], work.amount)
            oldest.add_metric([kind], work.oldest_s)
        for status, amount in known.broadcasts.items():
            broadcasts.add_metric([status], amount)
        for (on, status), amount in known.people.items():
            people.add_metric([on, status], amount)
        sending.add_metric([], known.sent_per_s)
        for state, amount in known.greetings.items():
            greetings.add_metric([state], amount)
        senders.add_metric([], known.senders_blocked)
        weeks.add_metric([], known.weeks_below)
    yield from (waiting, oldest, broadcasts, people, sending, greetings, senders, weeks)
    yield from hook_figures.families(known.hooks if known else None)
    yield from calendar_figures.families(known.calendars if known else None)
    yield from synthetic_figures.families(known.synthetic if known else None)
