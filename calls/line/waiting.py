"""The media streams that have not shown their token yet: few for each address, and few in this process.

Anybody may open a socket here, so a place must not be had for the asking. When all places are taken, the one that has
waited longest gives way: Twilio brings its token within a fraction of a second, and whoever doesn't has had its chance.
Only the event loop uses this module, so it needs no locks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST: Final = 60
MOST_PER_ADDRESS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class WaitingStream:
    """One of them. `give_way` asks its socket to close and returns at once."""

    address: str
    give_way: Callable[[], None]


_waiting: dict[WaitingStream, None] = {}  # in the order in which they came


def has_place(address: str) -> bool:
    """Returns whether one more stream of this address may wait."""
    return sum(each.address == address for each in _waiting) < MOST_PER_ADDRESS


def add(address: str, *, give_way: Callable[[], None]) -> WaitingStream | None:
    """Give a stream a place; another one may lose its own. Returns None if its address has too many."""
    if not has_place(address):
        return None
    if len(_waiting) >= MOST:
        oldest = next(iter(_waiting))
        remove(oldest)
        oldest.give_way()
    entry = WaitingStream(address, give_way)
    _waiting[entry] = None
    return entry


def remove(entry: WaitingStream) -> None:
    """Free a place: the stream's token is good, or its socket has closed."""
    _waiting.pop(entry, None)


def waiting_streams() -> int:
    """Returns how many wait in this process."""
    return len(_waiting)
