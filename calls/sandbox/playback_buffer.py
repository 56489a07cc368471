"""Twilio's playback buffer: queued audio is heard in real time, byte after byte, and marks return when it was heard.

(twilio.com/docs/voice/media-streams/websocket-messages: a mark returns when everything queued before it has played;
`clear` empties the buffer and returns every outstanding mark at once.)
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from calls.conversation.ulaw import SAMPLE_RATE, SILENCE


@dataclass(frozen=True, slots=True)
class ReturnedMark:
    """A mark on its way back. `was_cleared`: its audio may not have been heard."""

    at: float
    name: str
    was_cleared: bool = False


@dataclass(slots=True)
class Stretch:
    """Audio that was heard without a gap: bytes `start` to `end` of the track."""

    start: int
    end: int


class PlaybackBuffer:
    """Plays to the caller. Times are seconds since the stream opened, which is also where `track` begins.

    `track` is everything that the caller heard, µ-law with silence where nothing was queued.
    """

    def __init__(self) -> None:
        self.track = bytearray()
        self.stretches: list[Stretch] = []
        self.received_bytes = 0
        self._queue: deque[bytes | str] = deque()  # audio, and names of marks
        self._played_until = 0.0

    @property
    def queued_bytes(self) -> int:
        """Audio that was not heard yet."""
        return sum(len(entry) for entry in self._queue if isinstance(entry, bytes))

    @property
    def last_heard_at(self) -> float | None:
        """When the newest sound of the track ended; None before the first."""
        return self.stretches[-1].end / SAMPLE_RATE if self.stretches else None

    def queue(self, audio: bytes, now: float) -> list[ReturnedMark]:
        """Add audio behind everything that is queued."""
        returned = self.advance(now)
        if audio:
            self.received_bytes += len(audio)
            self._queue.append(audio)
        return returned

    def mark(self, name: str, now: float) -> list[ReturnedMark]:
        """Add a mark behind everything that is queued; with nothing queued it returns at once."""
        returned = self.advance(now)
        self._queue.append(name)
        return returned + self.advance(now)

    def clear(self, now: float) -> list[ReturnedMark]:
        """Drop what was not heard yet."""
        returned = self.advance(now)
        outstanding = [ReturnedMark(now, name, was_cleared=True) for name in self._queue if isinstance(name, str)]
        self._queue.clear()
        return returned + outstanding

    def advance(self, now: float) -> list[ReturnedMark]:
        """Let time pass."""
        returned = []
        while self._queue:
            entry = self._queue[0]
            if isinstance(entry, str):
                self._queue.popleft()
                returned.append(ReturnedMark(self._played_until, entry))
                continue
            # The small addition is for times that binary fractions can't express: 1.02 - 1.0 is less than 20 ms.
            playable = int((now - self._played_until) * SAMPLE_RATE + 1e-6)
            if playable <= 0:
                return returned
            self._queue.popleft()
            if len(entry) > playable:
                self._queue.appendleft(entry[playable:])
            self._hear(entry[:playable])
        self._played_until = max(now, self._played_until)
        return returned

    def _hear(self, audio: bytes) -> None:
        start = round(self._played_until * SAMPLE_RATE)
        gap = start - len(self.track)
        if gap > 1 or not self.stretches:
            self.track += SILENCE * gap
            self.stretches.append(Stretch(len(self.track), len(self.track)))
        self.track += audio
        self.stretches[-1].end = len(self.track)
        self._played_until += len(audio) / SAMPLE_RATE
