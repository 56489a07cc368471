"""Twilio's playback buffer: queued audio is heard in real time, and marks return when it was heard.

It leaves for the telephone network in frames, one every 20 ms, each heard whole or not at all; a shorter rest is a
frame.

(twilio.com/docs/voice/media-streams/websocket-messages: a mark returns when everything queued before it has played;
`clear` empties the buffer and returns every outstanding mark at once.)
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil

from calls.audio.ulaw import SAMPLE_RATE, SILENCE

_FRAME_BYTES = 160
_FRAME_S = _FRAME_BYTES / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class ReturnedMark:
    """A mark that is sent back. `was_cleared`: its audio may not have been heard."""

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
        self.queued_bytes = 0  # not heard yet
        self._queue: deque[bytes | str] = deque()  # audio, and names of marks
        self.played_until = 0.0

    @property
    def last_heard_at(self) -> float | None:
        """Returns when the newest sound of the track ended; None before the first."""
        return self.stretches[-1].end / SAMPLE_RATE if self.stretches else None

    @property
    def heard_bytes(self) -> int:
        """Returns how much was heard."""
        return sum(stretch.end - stretch.start for stretch in self.stretches)

    def heard(self) -> bytes:
        """Returns every byte that was heard, in order, without silence."""
        return b"".join(bytes(self.track[each.start : each.end]) for each in self.stretches)

    def queue(self, audio: bytes, now: float) -> list[ReturnedMark]:
        """Add audio behind everything that is queued. Returns the marks that have come due."""
        returned = self.advance(now)
        if audio:
            self.queued_bytes += len(audio)
            self._queue.append(audio)
        return returned

    def mark(self, name: str, now: float) -> list[ReturnedMark]:
        """Add a mark behind everything that is queued. Returns the marks that are due: at once if nothing is."""
        returned = self.advance(now)
        self._queue.append(name)
        return returned + self.advance(now)

    def clear(self, now: float) -> list[ReturnedMark]:
        """Drop what was not heard yet. Returns all outstanding marks."""
        returned = self.advance(now)
        outstanding = [ReturnedMark(now, name, was_cleared=True) for name in self._queue if isinstance(name, str)]
        self._queue.clear()
        self.queued_bytes = 0
        return returned + outstanding

    def advance(self, now: float) -> list[ReturnedMark]:
        """Play until `now`. Returns the marks whose audio was heard."""
        returned = []
        while self._queue:
            entry = self._queue[0]
            if isinstance(entry, str):
                self._queue.popleft()
                returned.append(ReturnedMark(min(self.played_until, now), entry))
                continue
            size = min(_FRAME_BYTES, self.queued_bytes)
            # The small addition is for times that binary fractions can't express: 1.02 - 1.0 is less than 20 ms.
            if (now - self.played_until) * SAMPLE_RATE + 1e-6 < size:
                return returned
            returned += self._play(size)
        # Frames leave on Twilio's own beat: what finds the buffer empty waits for the next one.
        self.played_until = max(ceil(now / _FRAME_S - 1e-6) * _FRAME_S, self.played_until)
        return returned

    def _play(self, size: int) -> list[ReturnedMark]:
        """Play a frame. Returns the marks within it."""
        frame, passed = b"", []
        while len(frame) < size:
            entry = self._queue.popleft()
            if isinstance(entry, str):
                passed.append(entry)
                continue
            missing = size - len(frame)
            frame += entry[:missing]
            if len(entry) > missing:
                self._queue.appendleft(entry[missing:])
        self.queued_bytes -= size
        self._hear(frame)
        return [ReturnedMark(self.played_until, name) for name in passed]

    def _hear(self, audio: bytes) -> None:
        start = round(self.played_until * SAMPLE_RATE)
        gap = start - len(self.track)
        if gap > 1 or not self.stretches:
            self.track += SILENCE * gap
            self.stretches.append(Stretch(len(self.track), len(self.track)))
        self.track += audio
        self.stretches[-1].end = len(self.track)
        self.played_until += len(audio) / SAMPLE_RATE
