"""The assistant's audio in pieces: received, sent to Twilio, and what a clear left of it. Counted, never held."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from math import ceil, floor
from typing import Any

BYTES_PER_SECOND = 8000
FRAME_BYTES = 160
"""Twilio's own packets to the telephone network: 20 ms that are heard whole or not at all."""
FRAME_S = FRAME_BYTES / BYTES_PER_SECOND
STRETCH_BYTES = 320
"""A mark after every 40 ms: how finely we learn what was heard."""
PROTECTED_STRETCH_BYTES = 3200
"""Nothing interrupts protected audio, so only its end matters: fewer messages at the start of a call."""
EARLY_S = 0.03
"""A mark that comes back this much before its audio can have played was sent back by a clear: a message's delay
varies by less."""
PUNCTUAL_S = 0.005
"""A last mark that is no earlier than this came because its audio had played, just before the clear arrived."""


@dataclass(slots=True)
class Item:
    """One piece of the assistant's audio: bytes received, sent in all, and heard. `is_tone`: no words of its own."""

    item_id: str
    is_tone: bool = False
    received: int = 0
    sent: int = 0
    heard: int = 0
    levels: list[int] = field(default_factory=list)  # rms of each 20 ms received

    def __deepcopy__(self, memo: dict[int, Any]) -> Item:
        return replace(self, levels=self.levels.copy())

    def receive(self, size: int, levels: tuple[int, ...]) -> None:
        """Add a piece. Its 20 ms steps may be shifted against those of the item, which is exact enough for an echo."""
        first = self.received // FRAME_BYTES
        self.levels += [0] * (first + len(levels) - len(self.levels))
        for step, level in enumerate(levels, start=first):
            self.levels[step] = max(self.levels[step], level)
        self.received += size

    def level(self, start: int, end: int) -> int:
        """The loudest 20 ms between two bytes; 0 where nothing is known."""
        return max(self.levels[start // FRAME_BYTES : ceil(end / FRAME_BYTES)], default=0)


@dataclass(slots=True)  # not frozen, as `CallerFrame`
class Stretch:
    """Bytes `start` to `end` of an item, to be sent with a mark behind them."""

    item_id: str
    start: int
    end: int
    mark: str


@dataclass(slots=True)  # not frozen, as `CallerFrame`
class Sent:
    """A stretch on its way to the caller's ear."""

    item: Item
    start: int
    end: int
    mark: str
    offset: int  # of `end` in the generation's stream
    due_at: float  # when its last frame has played if Twilio is punctual
    short_s: float  # what that frame lacks of 20 ms: Twilio may or may not fill it up with silence

    def __deepcopy__(self, memo: dict[int, Any]) -> Sent:
        return Sent(deepcopy(self.item, memo), self.start, self.end, self.mark, self.offset, self.due_at, self.short_s)


@dataclass(slots=True)
class Cleared:
    """A generation that a clear ended, and where it ended as far as we know.

    First by the clock; then by the marks that the clear sends back: all at one moment, most of them before their
    audio can have played. `mark_delay_s`: how long after being due marks came back last; None when none had.
    """

    at: float
    generation: int
    pending: list[Sent]
    begun: int  # the offset from which frames are counted
    begun_at: float
    mark_delay_s: float | None
    is_settled: bool = False
    """Audio was sent again: where that began can't be changed any more."""

    def put_back(self, moment: float) -> None:
        """Return to the unsent part of the queue what was due after this moment, as it was not played."""
        if self.is_settled or not self.pending:
            return
        played = self.begun + floor((moment - self.begun_at) / FRAME_S + 1e-6) * FRAME_BYTES
        for sent in reversed(self.pending):
            sent.item.heard = sent.start
        for sent in self.pending:
            sent.item.heard = max(sent.item.heard, min(sent.end, sent.end + played - sent.offset))
        for sent in self.pending:
            sent.item.sent = sent.item.heard

    def mark_returned(self, at: float, mark: str) -> bool:
        """Note a mark of this generation. Returns True once, when the clear is known to have arrived."""
        sent = next((sent for sent in self.pending if sent.mark == mark), None)
        if sent is None:
            return False
        if self.mark_delay_s is not None:
            early_s = sent.due_at - sent.short_s + self.mark_delay_s - at
            if sent is not self.pending[-1] and early_s < EARLY_S:
                return False  # it may have played before the clear came: wait for one that can't have
            self.put_back(sent.due_at if early_s < PUNCTUAL_S else at - self.mark_delay_s)
        self.pending.clear()
        return True
