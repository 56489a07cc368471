"""What the caller has heard of the assistant's audio: queue, marks, generations, byte positions.

Audio is counted, never held: µ-law, 8,000 bytes a second. A *generation* is the audio sent between two
clears. Twilio returns a mark when what was sent before it has played, and returns *all* marks at a clear,
so a mark proves playback only within its own generation (Twilio: Media Streams, `clear`).

Where playback stands is told by the clock: what was sent into an empty buffer starts at once, and a clear
travels as long as the audio did, so both delays cancel. Returned marks correct the clock when Twilio plays
late: the excess of a mark's delay over the shortest delay seen is how far playback lags.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

BYTES_PER_SECOND = 8000
BYTES_PER_MS = 8
MARK_GRACE_S = 1.0
"""A mark that is this late is lost. Late is counted from the audio's own length and the lag seen so far."""


@dataclass(slots=True)
class Item:
    """One piece of the assistant's audio: bytes received, sent in all, and heard."""

    item_id: str
    received: int = 0
    sent: int = 0
    heard: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes `start` to `end` of an item, to be sent with a mark behind them."""

    item_id: str
    start: int
    end: int
    mark: str


@dataclass(slots=True)
class Sent:
    """A stretch on its way to the caller's ear."""

    item: Item
    start: int
    end: int
    mark: str
    offset: int  # of `end` in the generation's stream
    due_at: float  # when it has played if Twilio is punctual


@dataclass(slots=True)
class Playback:
    """The queue of the assistant's audio between us and the caller's ear."""

    generation: int = 1
    items: list[Item] = field(default_factory=list)
    _pending: deque[Sent] = field(default_factory=deque)  # sent in this generation, mark not returned
    _offset: int = 0
    _plays_until: float = float("-inf")
    _shortest_delay: float | None = None
    _lag: float = 0.0
    cleared_at: float | None = None

    # Filling the queue -------------------------------------------------------------------------
    def receive(self, item_id: str, size: int) -> None:
        """Queue `size` more bytes of an item."""
        for item in self.items:
            if item.item_id == item_id:
                item.received += size
                return
        self.items.append(Item(item_id, received=size))

    def send(self, at: float, *, stretch_bytes: int) -> Iterator[Stretch]:
        """Send all that is queued, in stretches of at most `stretch_bytes`."""
        for item in self.items:
            while item.sent < item.received:
                end = min(item.sent + stretch_bytes, item.received)
                yield self._send_stretch(item, end, at)

    def _send_stretch(self, item: Item, end: int, at: float) -> Stretch:
        start, size = item.sent, end - item.sent
        self._plays_until = max(self._plays_until, at) + size / BYTES_PER_SECOND
        self._offset += size
        mark = f"{self.generation}:{item.item_id}:{end}"
        self._pending.append(Sent(item, start, end, mark, self._offset, self._plays_until))
        item.sent = end
        return Stretch(item.item_id, start, end, mark)

    # What was heard ----------------------------------------------------------------------------
    @property
    def is_empty(self) -> bool:
        """Nothing is queued, sent or unsent, that the caller has not heard."""
        return not self._pending and all(item.sent == item.received for item in self.items)

    @property
    def is_playing(self) -> bool:
        """The caller is hearing audio: some was sent in this generation and has not come back."""
        return bool(self._pending)

    def next_due(self) -> Sent | None:
        """The stretch that is heard next, or being heard."""
        return self._pending[0] if self._pending else None

    def deadline(self) -> float | None:
        """When the audio that is playing must have been heard, even if its marks are lost."""
        return self._plays_until + self._lag + (self._shortest_delay or 0.0) + MARK_GRACE_S if self._pending else None

    def mark_returned(self, at: float, mark: str) -> bool:
        """Note that audio was heard up to a mark; False for a mark of no meaning (older generation, unknown)."""
        if not any(sent.mark == mark for sent in self._pending):
            return False
        while True:
            sent = self._pending.popleft()
            sent.item.heard = sent.end
            if sent.mark == mark:
                break
        delay = at - sent.due_at
        self._shortest_delay = delay if self._shortest_delay is None else min(self._shortest_delay, delay)
        self._lag = max(0.0, delay - self._shortest_delay)
        return True

    def give_marks_up(self, at: float) -> bool:
        """Past the deadline: count what was sent as heard, and say whether that changed anything."""
        deadline = self.deadline()
        if deadline is None or at < deadline:
            return False
        for sent in self._pending:
            sent.item.heard = sent.end
        self._pending.clear()
        return True

    def _heard_offset(self, at: float) -> float:
        """The position in this generation's stream that a clear sent now will find played."""
        lag = self._lag
        if self._pending and self._shortest_delay is not None:
            overdue = at - self._pending[0].due_at - self._shortest_delay
            lag = max(lag, overdue) if overdue < MARK_GRACE_S else lag
        return self._offset - (self._plays_until + lag - at) * BYTES_PER_SECOND

    # Stopping ----------------------------------------------------------------------------------
    def clear(self, at: float) -> None:
        """Note that a clear is sent: what is not yet played goes back to the unsent part of the queue."""
        played = self._heard_offset(at)
        for sent in self._pending:
            begun_at = sent.offset - (sent.end - sent.start)
            if played > begun_at:
                sent.item.heard = min(sent.end, sent.start + round(played - begun_at))
        for item in self.items:
            item.sent = item.heard
        self._pending.clear()
        self.generation += 1
        self._offset, self._plays_until = 0, at
        self.cleared_at = at

    def clear_confirmed(self, at: float, mark: str) -> float | None:
        """The first mark that a clear sent back: seconds since the clear, and the round trip with it."""
        if self.cleared_at is None or not mark.startswith(f"{self.generation - 1}:"):
            return None
        elapsed, self.cleared_at = at - self.cleared_at, None
        return elapsed

    def forget(self) -> list[Item]:
        """Empty the queue and return what was in it, oldest first."""
        items, self.items = self.items, []
        return items
