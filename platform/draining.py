"""Stopping without cutting anyone off: on SIGTERM a web process takes no new calls and waits for its running ones.

Until it ends it answers requests, so that the `after` and `status` webhooks of its last calls are
served. The wait is bounded by `DRAIN_SECONDS`; a second SIGTERM, or Ctrl-C, stops at once.
"""

from __future__ import annotations

import logging
import signal
from types import FrameType
from typing import Any

from django.conf import settings

from calls import live

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
SETTLE_S = 3
"""After the last call: time for its records to be written and for Twilio to ask what comes next."""


def install(reactor: Any) -> None:
    """Take SIGTERM over from the reactor once it runs (it sets its own handler while it starts)."""
    reactor.callWhenRunning(_take_sigterm, reactor)


def _take_sigterm(reactor: Any) -> None:
    def on_sigterm(number: int, frame: FrameType | None) -> None:
        reactor.callFromThread(drain, reactor)

    signal.signal(signal.SIGTERM, on_sigterm)


def drain(reactor: Any) -> None:
    """Take no new calls, and stop the reactor when the last call has ended. Asked again, stop at once."""
    if live.is_draining():
        logger.warning("Asked again to stop: ending %d running calls", live.live_calls())
        _stop(reactor)
        return
    live.begin_draining()
    calls = live.live_calls()
    logger.info("Stopping: no new calls, waiting at most %d s for %d", settings.DRAIN_SECONDS, calls)
    if calls:
        _stop_when_quiet(reactor, deadline=reactor.seconds() + settings.DRAIN_SECONDS)
    else:
        _stop(reactor)


def _stop_when_quiet(reactor: Any, *, deadline: float) -> None:
    calls = live.live_calls()
    if calls and reactor.seconds() < deadline:
        reactor.callLater(LOOK_EVERY_S, lambda: _stop_when_quiet(reactor, deadline=deadline))
        return
    if calls:
        logger.warning("Stopping with %d running calls: DRAIN_SECONDS are over", calls)
    reactor.callLater(SETTLE_S, _stop, reactor)


def _stop(reactor: Any) -> None:
    if reactor.running:
        reactor.stop()
