"""Several calls' audio through the speech detector at once: what comes within a few milliseconds is judged in one run.

A window of 32 ms costs a third as much among eight of other calls as alone. A piece of audio that completes a window
waits for `HELD_S` at most; a call that needs to know sooner, because something else of it happens, has all judged then.
What is only to be remembered, since it is too soft for an answer to matter, is judged with the next that isn't.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from calls.audio import ears
from calls.audio.ears import Ear

logger = logging.getLogger(__name__)

HELD_S: Final = 0.004
"""An interruption is noticed half of it later on average, of the 150 ms that it may take."""
REMEMBERED_S: Final = 0.06
"""What is only to be remembered waits so long at most: of one call there are two windows then."""
MOST_AT_ONCE: Final = 32
"""One more makes the others no cheaper, and the loop stands still for a millisecond as it is."""


class JointHearing:
    """What waits to be judged in one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[Ear, Callable[[], None]] = {}
        self._remembering: dict[Ear, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._later: asyncio.TimerHandle | None = None

    def add(self, ear: Ear, then: Callable[[], None]) -> None:
        """Have an ear judged soon, and `then` called after that. An ear waits once at a time."""
        self._waiting[ear] = then
        self._remembering.pop(ear, None)
        if self._is_full:
            self.judge_now()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(HELD_S, self.judge_now)

    def add_later(self, ear: Ear) -> None:
        """Have an ear judged with others, which nobody waits for."""
        self._remembering[ear] = None
        if self._is_full:
            self.judge_now()
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(REMEMBERED_S, self.judge_now)

    @property
    def _is_full(self) -> bool:
        return len(self._waiting) + len(self._remembering) >= MOST_AT_ONCE

    def judge_now(self) -> None:
        """Judge whatever waits, and tell everybody who asked."""
        for timer in (self._timer, self._later):
            if timer is not None:
                timer.cancel()
        self._timer = self._later = None
        waiting, self._waiting = self._waiting, {}
        remembering, self._remembering = self._remembering, {}
        try:
            ears.judge([*waiting, *remembering])
        except Exception:  # no call may get stuck in it
            logger.exception("The speech detector failed")
        for then in waiting.values():
            try:
                then()
            except Exception:  # of one call: the others are not to be harmed
                logger.exception("What a caller said could not be taken")


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, JointHearing] = WeakKeyDictionary()


def of_this_loop() -> JointHearing:
    """Returns that of the running event loop."""
    loop = asyncio.get_running_loop()
    return _of_loops.setdefault(loop, JointHearing())
