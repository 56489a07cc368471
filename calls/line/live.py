"""The calls whose sockets are open in this process. Only the event loop uses this module, so it needs no locks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True, eq=False)
class LiveCall:
    """One open media stream. `close` asks its socket to close and returns at once."""

    call_sid: str
    close: Callable[[], None]


class _Registry:
    """The open streams by CallSid, and whether new ones are welcome."""

    def __init__(self) -> None:
        self.by_call_sid: dict[str, LiveCall] = {}
        self.draining = False


_here = _Registry()


class NoRoom(Exception):
    """This process holds as many calls as it may."""


def add(*, call_sid: str, close: Callable[[], None]) -> LiveCall:
    """Remember an open stream. A call has one: an older stream of the same call is closed.

    A call takes its place here, so the places are counted here: many streams may have found room when their sockets
    opened. A process that is draining still takes a call whose socket it has accepted. Raises `NoRoom`.
    """
    entry = LiveCall(call_sid, close)
    older = _here.by_call_sid.get(call_sid)
    if older is None and live_calls() >= settings.CALLS_PER_PROCESS:
        raise NoRoom
    _here.by_call_sid[call_sid] = entry
    if older is not None:
        older.close()
    return entry


def remove(entry: LiveCall) -> None:
    """Forget a stream. A newer stream of the same call stays."""
    if _here.by_call_sid.get(entry.call_sid) is entry:
        del _here.by_call_sid[entry.call_sid]


def live_calls() -> int:
    """Returns how many calls this process holds."""
    return len(_here.by_call_sid)


def has_room() -> bool:
    """Returns whether this process may take one more call."""
    return not _here.draining and live_calls() < settings.CALLS_PER_PROCESS


def begin_draining() -> None:
    """Take no new calls from now on; the running ones go on to their end."""
    _here.draining = True


def is_draining() -> bool:
    """Returns whether this process was asked to stop."""
    return _here.draining
