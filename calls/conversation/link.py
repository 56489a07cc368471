"""The line to the model: when to connect, when to try again, when to give up.

A line is *well* once it has carried an answer to its end, or some seconds. One that was lost before belongs to the same
trouble as the losses before it: the next attempt comes later, and after a few such losses in a minute it is given up.

A failure is *known* when connecting was refused or timed out, or when the session ended. From then on the
caller is reconnected or handed to the fallback within two seconds, unless audio is still being heard: then
there is no dead air yet, and time to go on trying.

    state        connecting()   ready()   lost()   what `step` may say
    DOWN         CONNECTING     READY     DOWN     CONNECT when a retry is due, GIVE_UP when the caller waits in vain
    CONNECTING   CONNECTING     READY     DOWN     NOTHING: `ready` or `lost` will follow
    READY        CONNECTING     READY     DOWN     CONNECT when the session is about to reach its limit
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

FIRST_CONNECT_TIMEOUT_S = 4.0
COVERED_TIMEOUT_S = 2.0
"""While the caller hears something, an attempt may take longer."""
GIVE_UP_S = 1.7
"""After a failure is known: two seconds, less what handing the call over takes."""
RETRY_S = 0.25
LONGEST_RETRY_S = 2.0
SHORTEST_TIMEOUT_S = 0.5
WELL_AFTER_S = 5.0
MOST_SHORT_LIVES = 5
"""So many lines that were lost before they were well, within a minute: the next one would be no better."""
_MINUTE_S = 60.0
RENEWAL_SHARE = 0.9
LONGEST_RENEWAL_MARGIN_S = 300.0
"""Sessions end after 60 minutes without a warning (OpenAI): within the last 5 minutes a silent moment is used."""


class LinkState(Enum):
    """Whether there is a session of the model."""

    DOWN = "down"
    CONNECTING = "connecting"
    READY = "ready"


_READY = LinkState.READY  # asked for every 20 ms, and Python 3.11 is slow to look a member up


class LinkStep(Enum):
    """What the line needs now."""

    NOTHING = "nothing"
    CONNECT = "connect"
    GIVE_UP = "give_up"


@dataclass(slots=True)
class Link:
    """The state of the line. Times in seconds since the call began."""

    state: LinkState = LinkState.DOWN
    attempt: int = 0
    timeout_s: float = FIRST_CONNECT_TIMEOUT_S
    is_hopeless: bool = False
    reason: str = ""
    down_since: float | None = None
    _retry_at: float | None = None
    _renew_at: float | None = None
    _failures: int = 0  # since the line was last well
    _well_at: float = 0.0  # from then on the line counts as well
    _short_lives: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_SHORT_LIVES))

    @property
    def is_ready(self) -> bool:
        """The model can be asked to speak."""
        return self.state is _READY

    def connecting(self, at: float, *, caller_hears: bool) -> None:
        """An attempt begins."""
        self.attempt += 1
        self.timeout_s = FIRST_CONNECT_TIMEOUT_S
        if self.down_since is not None:
            shortest_s = COVERED_TIMEOUT_S if caller_hears else SHORTEST_TIMEOUT_S
            self.timeout_s = max(shortest_s, self.down_since + GIVE_UP_S - at)
        self.state, self._retry_at, self._renew_at = LinkState.CONNECTING, None, None

    def ready(self, at: float, lifetime_s: float | None) -> None:
        """The session is configured; `lifetime_s` is what is left of it."""
        self.state, self._retry_at = LinkState.READY, None
        self.attempt, self.down_since = 0, None
        self._well_at = at + WELL_AFTER_S
        if lifetime_s is not None:
            self._renew_at = at + max(RENEWAL_SHARE * lifetime_s, lifetime_s - LONGEST_RENEWAL_MARGIN_S)

    def carried(self, at: float) -> None:
        """The line has carried an answer to its end: it is well."""
        self._well_at = min(self._well_at, at)

    def lost(self, at: float, reason: str, *, permanent: bool) -> None:
        """An attempt failed or the session ended."""
        if self.state is _READY:
            if at >= self._well_at:
                self._failures = 0
                self._short_lives.clear()
            else:
                self._short_lives.append(at)
        self._failures += 1
        self.down_since = at if self.down_since is None else self.down_since
        pause_s = min(LONGEST_RETRY_S, RETRY_S * 1.5 ** (self._failures - 1)) if self._failures > 1 else 0.0
        self._retry_at = at + pause_s
        self.state, self._renew_at = LinkState.DOWN, None
        self.reason = reason
        self.is_hopeless = self.is_hopeless or permanent

    def step(self, at: float, *, caller_hears: bool, is_idle: bool) -> LinkStep:
        """Return what to do now. `is_idle`: nobody speaks and no answer is owed."""
        if self.state is _READY:
            is_due = self._renew_at is not None and at >= self._renew_at
            return LinkStep.CONNECT if is_due and is_idle else LinkStep.NOTHING
        if self.state is LinkState.CONNECTING or self.down_since is None:
            return LinkStep.NOTHING
        is_vain = self.is_hopeless or self._dies_young(at)
        if is_vain or at >= self.down_since + GIVE_UP_S:
            if not caller_hears:
                return LinkStep.GIVE_UP
            if is_vain:
                return LinkStep.NOTHING
        return LinkStep.CONNECT if self._retry_at is not None and at >= self._retry_at else LinkStep.NOTHING

    def _dies_young(self, at: float) -> bool:
        lives = self._short_lives
        return len(lives) == MOST_SHORT_LIVES and at - lives[0] < _MINUTE_S

    def deadlines(self) -> list[float | None]:
        """Return when `step` may say something new though nothing happens."""
        if self.state is _READY:
            return [self._renew_at]
        return [self._retry_at, None if self.down_since is None else self.down_since + GIVE_UP_S]
