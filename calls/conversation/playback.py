"""What the caller has heard of the assistant's audio: queue, marks, generations and byte positions.

Audio is counted, never held: µ-law, 8,000 bytes a second. A *generation* is the audio sent between two
clears. Twilio returns a mark when what was sent before it has played, and returns *all* marks at a clear,
so a mark proves playback only within its own generation (Twilio: Media Streams, `clear`).

Twilio plays whole frames of 20 ms, one after the other from the first byte that finds its buffer empty. Where
playback stands is told by the clock: what was sent into an empty buffer starts at once, and a clear travels as
long as the audio did, so both delays cancel. Returned marks correct the clock when Twilio plays late: the excess
of a mark's delay over the shortest delay seen is how far playback lags.

After a clear the clock is checked: the marks that it sends back all come at one moment, and by the delay of the
marks before, that moment tells the last frame that was played. So audio that goes on after a pause goes on with
the next sample, as long as a message's delay varies by less than the frame that was cut had left to play.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil

from calls.conversation.echo import Echo
from calls.conversation.sent_audio import BYTES_PER_SECOND, FRAME_BYTES, FRAME_S, Cleared, Item, Sent, Stretch

BYTES_PER_MS = 8
MARK_GRACE_S = 1.0
"""A mark that is this late is lost. Late is counted from the audio's own length and the lag seen so far."""
SHORTEST_SOUND_S = 0.1
"""What is shorter, as an answer that is cut off where it begins, is a click: the caller still hears silence."""
LONGEST_GAP_S = 0.2
"""What stops for no longer than this and goes on is one sound, however small its pieces."""
_RECENT_MARKS = 8
"""Twilio's lag is the least delay of this many marks: when a single one is late, the network delayed it."""


@dataclass(slots=True)
class Playback:
    """The queue of the assistant's audio between us and the caller's ear."""

    generation: int = 1
    items: list[Item] = field(default_factory=list)
    echo: Echo = field(default_factory=Echo)
    _pending: deque[Sent] = field(default_factory=deque)  # sent in this generation, mark not returned
    _offset: int = 0
    _plays_until: float = float("-inf")
    _words_until: float = float("-inf")  # the same without tones
    _sound_at: float = float("-inf")  # when the last sound began
    _sounded_until: float = float("-inf")  # when the one before it ended
    _begun: int = 0  # the offset of what last found Twilio's buffer empty: its frames are counted from there
    _begun_at: float = 0.0
    _delays: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT_MARKS))  # of marks since then
    _shortest_delay: float | None = None
    _cleared: Cleared | None = None

    # Filling the queue -------------------------------------------------------------------------
    def receive(self, item_id: str, size: int, levels: tuple[int, ...] = (), *, is_tone: bool = False) -> None:
        """Queue `size` more bytes of an item; `levels` as in `ResponseAudio`."""
        item = next((item for item in self.items if item.item_id == item_id), None)
        if item is None:
            item = Item(item_id, is_tone)
            self.items.append(item)
        item.receive(size, levels)

    def send(self, at: float, *, stretch_bytes: int) -> Iterator[Stretch]:
        """Send all that is queued, in stretches of at most `stretch_bytes`."""
        for item in self.items:
            while item.sent < item.received:
                end = min(item.sent + stretch_bytes, item.received)
                yield self._send_stretch(item, end, at)

    def _send_stretch(self, item: Item, end: int, at: float) -> Stretch:
        start, size = item.sent, end - item.sent
        if self._cleared is not None:
            self._cleared.is_settled = True
        if at >= self._plays_until:
            self._begun, self._begun_at = self._offset, at
            self._delays.clear()
            if at - self._plays_until > LONGEST_GAP_S:
                self._sounded_until, self._sound_at = self.sounds_until, at
        starts_at = max(self._plays_until, at)
        self._plays_until = starts_at + size / BYTES_PER_SECOND
        if not item.is_tone:
            self._words_until = self._plays_until
        self._offset += size
        self.echo.will_play(starts_at, self._plays_until, item.level(start, end))
        mark = f"{self.generation}:{item.item_id}:{end}"
        played = self._offset - self._begun
        frames = ceil(played / FRAME_BYTES)
        short_s = (frames * FRAME_BYTES - played) / BYTES_PER_SECOND
        due_at = self._begun_at + frames * FRAME_S
        self._pending.append(Sent(item, start, end, mark, self._offset, due_at, short_s))
        item.sent = end
        return Stretch(item.item_id, start, end, mark)

    # What was heard ----------------------------------------------------------------------------
    @property
    def has_words(self) -> bool:
        """Something that is no tone is queued, sent or unsent, that the caller has not heard."""
        return any(item.heard < item.received and not item.is_tone for item in self.items)

    @property
    def heard_out_at(self) -> float | None:
        """When the caller had heard all words, by the clock; None while any are left, be they paused or playing."""
        return None if self.has_words else self._words_until

    @property
    def sounds_until(self) -> float:
        """When the last sound that was sent has played, by the clock. What was too short for a sound is none."""
        is_sound = self._plays_until - self._sound_at >= SHORTEST_SOUND_S
        return self._plays_until if is_sound else self._sounded_until

    @property
    def is_playing(self) -> bool:
        """The caller is hearing audio: some was sent in this generation and has not come back."""
        return bool(self._pending)

    @property
    def delay_s(self) -> float:
        """How long after its audio was due a mark comes back: the way there and back, and Twilio's lag. 0: unknown."""
        return min(self._delays) if self._delays else self._shortest_delay or 0.0

    @property
    def _lag(self) -> float:
        return max(0.0, self.delay_s - (self._shortest_delay or 0.0))

    def deadline(self) -> float | None:
        """Return when the audio that is playing must have been heard, even if its marks are lost."""
        return self._plays_until + self.delay_s + MARK_GRACE_S if self._pending else None

    def mark_returned(self, at: float, mark: str) -> bool:
        """Note that audio was heard up to a mark. Returns False for one that is unknown or of an older generation."""
        if not self._pending or (self._pending[0].mark != mark and all(sent.mark != mark for sent in self._pending)):
            return False
        while True:
            sent = self._pending.popleft()
            sent.item.heard = sent.end
            if sent.mark == mark:
                break
        if not sent.short_s:  # Twilio doesn't say when a frame of less than 20 ms has played
            delay = at - sent.due_at
            self._delays.append(delay)
            self._shortest_delay = delay if self._shortest_delay is None else min(self._shortest_delay, delay)
        return True

    def give_marks_up(self, at: float) -> bool:
        """Count what was sent as heard once the deadline has passed. Returns whether that changed anything."""
        deadline = self.deadline()
        if deadline is None or at < deadline:
            return False
        for sent in self._pending:
            sent.item.heard = sent.end
        self._pending.clear()
        return True

    def _lag_now(self, at: float) -> float:
        """Return how far playback is behind the clock, by the marks that came or are overdue."""
        if not self._pending or self._shortest_delay is None:
            return self._lag
        overdue = at - self._pending[0].due_at - self._shortest_delay
        return max(self._lag, overdue) if overdue < MARK_GRACE_S else self._lag

    # Stopping ----------------------------------------------------------------------------------
    def clear(self, at: float) -> None:
        """Note that a clear is sent: what is not yet played goes back to the unsent part of the queue."""
        lag = self._lag_now(at)
        self._cleared = Cleared(
            at=at,
            generation=self.generation,
            pending=list(self._pending),
            begun=self._begun,
            begun_at=self._begun_at,
            mark_delay_s=self.delay_s if self._delays else self._shortest_delay,
        )
        self._cleared.put_back(at - lag)
        self.echo.cleared(at - lag)
        self._pending.clear()
        self._delays.clear()
        self.generation += 1
        self._plays_until = min(self._plays_until, at)
        self._words_until = min(self._words_until, at)

    def clear_confirmed(self, at: float, mark: str) -> float | None:
        """Correct where a clear has cut by a mark that it sent back.

        Returns the seconds since the clear (the round trip) for the first such mark, None for all others.
        """
        cleared = self._cleared
        if cleared is None or not mark.startswith(f"{cleared.generation}:") or not cleared.mark_returned(at, mark):
            return None
        return at - cleared.at

    def forget(self) -> list[Item]:
        """Empty the queue and return what was in it, oldest first."""
        items, self.items = self.items, []
        return items
