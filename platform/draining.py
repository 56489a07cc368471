"""Draining: on SIGTERM a web process takes no new calls and waits until its running calls have ended.

It answers requests until it ends, so that the `after` and `status` webhooks of its last calls are
served. The wait is bounded by `DRAIN_SECONDS`; a second SIGTERM or Ctrl-C stops it at once.
"""

from __future__ import annotations

import logging
import signal
from types import FrameType
from typing import Any

from django.conf import settings

from calls.line import live

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
SETTLE_S = 3
"""The process must be idle for this long: by then a call that was opening is live, the last call's records are
written, and Twilio has posted the last webhooks."""


def install(reactor: Any) -> None:
    """Replace the reactor's SIGTERM handler once it runs (it sets its own while it starts)."""
    reactor.callWhenRunning(_take_sigterm, reactor)


def _take_sigterm(reactor: Any) -> None:
    def on_sigterm(number: int, frame: FrameType | None) -> None:
        reactor.callFromThread(drain, reactor)

    signal.signal(signal.SIGTERM, on_sigterm)


def drain(reactor: Any) -> None:
    """Take no new calls and stop the reactor when the last call has ended. A second signal stops it at once."""
    if live.is_draining():
        logger.warning("Second signal to stop: ending %d running calls", live.live_calls())
        _stop(reactor)
        return
    live.begin_draining()
    logger.info("Stopping: no new calls, waiting at most %d s for %d", settings.DRAIN_SECONDS, live.live_calls())
    _Wait(reactor, deadline=reactor.seconds() + settings.DRAIN_SECONDS).look()


class _Wait:
    """Polls whether the process is idle, and then stops its reactor."""

    def __init__(self, reactor: Any, *, deadline: float) -> None:
        self._reactor = reactor
        self._deadline = deadline
        self._last_call_at: float = reactor.seconds()

    def look(self) -> None:
        now, calls = self._reactor.seconds(), live.live_calls()
        if calls:
            self._last_call_at = now
        if calls and now >= self._deadline:
            logger.warning("Stopping with %d running calls: DRAIN_SECONDS are over", calls)
            _stop(self._reactor)
        elif now - self._last_call_at >= SETTLE_S:
            _stop(self._reactor)
        else:
            self._reactor.callLater(LOOK_EVERY_S, self.look)


def _stop(reactor: Any) -> None:
    if reactor.running:
        reactor.stop()
