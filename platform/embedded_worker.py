"""Celery inside the web process, for an installation without Redis: a worker and the beat, each in a thread.

The broker is kombu's in-memory one, so waiting tasks are lost when the process ends. That is safe: the
database holds the work, tasks only wake up a worker, and the schedule does so again.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from frontdesk.celery_app import app
from whatsapp.running import shifts

logger = logging.getLogger(__name__)

THREADS = 4
STOP_TIMEOUT_S = 30
"""Longer than a provider may take to answer: messages in flight are recorded before the process ends."""


class EmbeddedWorker:
    """A worker and a beat in this process. Can be started and stopped once."""

    def __init__(self) -> None:
        from celery import beat  # noqa: PLC0415 - like what the worker needs, for processes without a broker alone

        self._ready = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="embedded-worker", daemon=True)
        self._beat: Any = beat.EmbeddedService(app, thread=True, scheduler_cls=beat.Scheduler)

    def start(self) -> None:
        """Start both threads."""
        self._thread.start()
        self._beat.start()

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Wait until the worker takes tasks. Returns False if it doesn't in time."""
        return self._ready.wait(timeout_s)

    def stop(self) -> None:
        """Take no more tasks and wait a limited time for the running ones."""
        from celery.worker import state  # noqa: PLC0415 - see above

        self._stopping = True
        self._beat.stop()
        shifts.close()
        state.should_stop = 0  # type: ignore[assignment]  # Celery's own flag for every worker of a process; the number is its exit code
        self._thread.join(STOP_TIMEOUT_S)
        state.should_stop = None

    @property
    def has_died(self) -> bool:
        """Returns whether the worker has ended without `stop`."""
        return not self._stopping and self._thread.ident is not None and not self._thread.is_alive()

    def _work(self) -> None:
        from celery.worker import WorkController  # noqa: PLC0415 - see above

        # Created in its own thread: Celery's Django support closes the database connections of the creating thread.
        worker = WorkController(
            app=app,
            pool_cls="threads",
            concurrency=THREADS,
            hostname="embedded@localhost",
            ready_callback=lambda consumer: self._ready.set(),
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        worker.start()
        if not self._stopping:
            logger.error("The embedded worker has ended: background work waits until this process is restarted")


_installed: EmbeddedWorker | None = None


def install(reactor: Any) -> None:
    """Run a worker for as long as the reactor runs."""
    global _installed  # noqa: PLW0603 - one worker per process, which the health page asks after
    _installed = EmbeddedWorker()
    reactor.callWhenRunning(_installed.start)
    # "during": after the calls have been ended, which may create tasks.
    reactor.addSystemEventTrigger("during", "shutdown", _installed.stop)


def has_died() -> bool:
    """Returns whether this process's worker was installed and has ended."""
    return _installed is not None and _installed.has_died
