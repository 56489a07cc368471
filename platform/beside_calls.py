"""What runs beside the calls of a process, whichever server holds their sockets: Daphne or `manage.py serve_media`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from businesses import database_watch
from calls.telephone import from_memory
from frontdesk import (
    collector,
    database_pool,
    draining,
    loop_lag,
    loop_tasks,
    private_files,
    sign_of_life,
    startup,
)

SWITCH_INTERVAL_S = 0.0005
"""A busy thread (a webhook, a page, the embedded worker) keeps the interpreter so long while the event loop waits for
it. The loop asks for it several times in each turn, so with Python's 0.005 one busy thread makes calls late."""


def install(reactor: Any, *others: tuple[float, Callable[[], None]], serves_pages: bool) -> None:
    """Start it all when the reactor runs. `others`: what else the database watch does, every so many seconds."""
    private_files.tighten()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    reactor.callWhenRunning(database_pool.install)
    reactor.callWhenRunning(partial(database_watch.start, (from_memory.READ_EVERY_S, from_memory.read), *others))
    reactor.callWhenRunning(sign_of_life.install, reactor)
    reactor.callWhenRunning(startup.log_remarks)
    reactor.callWhenRunning(partial(collector.load_and_freeze, serves_pages=serves_pages))
    reactor.callWhenRunning(loop_lag.here.start, reactor)
    reactor.callWhenRunning(loop_tasks.here.start, reactor)
    draining.install(reactor)
