"""This web process's own sign of life: a row in the database that says what it does (`businesses/web_processes.py`).

A thread of its own writes it, since a database that does not answer keeps it waiting: neither a call nor the watch over
the database may wait with it.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from twisted.internet.defer import Deferred

from businesses import database_watch, web_processes
from businesses.models import WebProcess
from calls.line import live
from calls.short_waits import own_connection
from frontdesk import loop_lag, release

logger = logging.getLogger(__name__)

LAST_WORDS_S: Final = 1.0
"""How long a process that ends waits until its row is removed."""

_ends = threading.Event()


def name() -> str:
    """Returns what this process is called."""
    return f"{socket.gethostname()[:150]}:{os.getpid()}"


def install(reactor: Any) -> None:
    """Write for as long as the reactor runs. Called when it runs."""
    threading.Thread(target=_write_again_and_again, args=(timezone.now(),), name="sign-of-life", daemon=True).start()
    reactor.addSystemEventTrigger("before", "shutdown", _say_goodbye, reactor)


def row(since: datetime) -> WebProcess:
    """Returns what is to be told of this process now."""
    return WebProcess(
        name=name(),
        release=release.version(),
        since=since,
        calls=live.live_calls(),
        calls_most=settings.CALLS_PER_PROCESS,
        lag_s=round(loop_lag.here.worst_s(), 3),
        is_draining=live.is_draining(),
    )


def _write_again_and_again(since: datetime) -> None:
    while not _ends.is_set():
        if not database_watch.is_away():
            _write(row(since))
        _ends.wait(web_processes.EVERY_S)


def _write(told: WebProcess) -> None:
    try:
        with own_connection():
            web_processes.note(told)
    except DatabaseError as error:  # who watches the database says so once; migrations may be missing
        logger.debug("No sign of life was written: %s", type(error).__name__)
    except Exception:
        logger.exception("No sign of life was written")


def _say_goodbye(reactor: Any) -> Deferred[None]:
    """Remove the row. The reactor waits for it, but not for long."""
    _ends.set()
    told: Deferred[None] = Deferred()

    def forget() -> None:
        try:
            if not database_watch.is_away():
                web_processes.forget(name())
        except DatabaseError as error:
            logger.debug("The sign of life was not removed: %s", type(error).__name__)
        reactor.callFromThread(done)

    def done() -> None:
        if not told.called:
            told.callback(None)

    threading.Thread(target=forget, name="last-sign-of-life", daemon=True).start()
    reactor.callLater(LAST_WORDS_S, done)
    return told
