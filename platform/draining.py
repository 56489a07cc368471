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

from calls.line import live

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
SETTLE_S = 3
"""Quiet for so long: a call that is just opening has become live, the last one's records are written, and Twilio
has asked what comes next."""


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
    logger.info("Stopping: no new calls, waiting at most %d s for %d", settings.DRAIN_SECONDS, live.live_calls())
    _Wait(reactor, deadline=reactor.seconds() + settings.DRAIN_SECONDS).look()


class _Wait:
    """Looks again and again whether the process is quiet, and then stops its reactor."""

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
