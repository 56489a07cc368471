"""Both sides of a call as two tracks of µ-law, laid where the caller's ear had them. Pure: positions and bytes.

The assistant's side is what the caller *heard*: a piece lies where it plays (after what was sent before it, or at
once), a clear cuts off what had not played, and audio that goes on later lies where it goes on. The caller's side lies
where Twilio's timestamps put it. What is between the pieces is silence.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from calls.audio.ulaw import SAMPLE_RATE

MOST_WAITING_S: Final = 60
"""Of each track, while nobody takes them: a bound for a disk that is away. The oldest are then lost to silence."""
_MOST_WAITING: Final = MOST_WAITING_S * SAMPLE_RATE
_MOST_OFF_S: Final = 30.0
"""A timestamp that is further than this from our own clock is ignored."""

Piece = tuple[int, bytes]
"""Audio and where it begins, in samples from the start of the stream."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is new on both tracks, in order. Writing it twice writes the same samples to the same places."""

    caller: tuple[Piece, ...]
    assistant: tuple[Piece, ...]

    def __bool__(self) -> bool:
        return bool(self.caller or self.assistant)


class _Track:
    """Audio that was laid and not taken yet, oldest first. What follows without a gap is one piece."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[int, bytearray]] = deque()

    @property
    def start(self) -> int | None:
        """Where the oldest begins."""
        return self._pieces[0][0] if self._pieces else None

    def lay(self, start: int, audio: bytes) -> None:
        """Lay audio behind all that is there."""
        if self._pieces:
            begun, last = self._pieces[-1]
            if begun + len(last) == start:
                last += audio
                return
        self._pieces.append((start, bytearray(audio)))

    def cut(self, end: int) -> None:
        """Drop what lies from `end` on."""
        while self._pieces and self._pieces[-1][0] >= end:
            self._pieces.pop()
        if self._pieces:
            start, audio = self._pieces[-1]
            del audio[end - start :]

    def take(self, until: int) -> tuple[Piece, ...]:
        """Remove and return what lies before `until`."""
        taken: list[Piece] = []
        while self._pieces and self._pieces[0][0] < until:
            start, audio = self._pieces.popleft()
            taken.append((start, bytes(audio[: until - start])))
            del audio[: until - start]
            if audio:
                self._pieces.appendleft((until, audio))
        return tuple(taken)


class Tracks:
    """The tracks of one call. Times are seconds since the stream opened."""

    def __init__(self) -> None:
        self._caller = _Track()
        self._assistant = _Track()  # sent, may be cut as long as it has not played
        self._caller_end = self._plays_until = 0
        self._now = 0

    def caller_spoke(self, at: float, audio: bytes, timestamp_ms: int | None = None) -> None:
        """Lay a piece of the caller's audio, which came just now. Called for every frame of every call."""
        now, size = _sample(at), len(audio)
        self._now = max(self._now, now)
        if timestamp_ms is not None and abs(timestamp_ms / 1000 - at) < _MOST_OFF_S:
            start = timestamp_ms * (SAMPLE_RATE // 1000)
        else:
            start = now - size
        if start - self._caller_end <= size:
            start = self._caller_end
        self._caller.lay(start, audio)
        self._caller_end = start + size
        oldest = self._caller.start
        if oldest is not None and self._caller_end - oldest > _MOST_WAITING:
            self._caller.take(self._caller_end - _MOST_WAITING)

    def assistant_plays(self, at: float, audio: bytes) -> None:
        """Lay audio that was sent to the caller just now: it plays when what was sent before it has."""
        self._now = max(self._now, _sample(at))
        start = max(self._plays_until, _sample(at))
        self._assistant.lay(start, audio)
        self._plays_until = start + len(audio)

    def cleared(self, at: float) -> None:
        """Cut off what has not played by now."""
        cut = self._now = max(self._now, _sample(at))
        self._assistant.cut(cut)
        self._plays_until = min(self._plays_until, cut)

    def take(self, at: float | None = None) -> Recorded:
        """Returns what is final and was not taken before: all of it up to now, or to `at`."""
        until = self._now = self._now if at is None else max(self._now, _sample(at))
        self._assistant.take(until - _MOST_WAITING)
        return Recorded(self._caller.take(self._caller_end), self._assistant.take(until))


def _sample(at: float) -> int:
    return round(at * SAMPLE_RATE)


def joined(pieces: tuple[Piece, ...], *, silence: bytes) -> Piece:
    """Pieces in order as one, with silence between them."""
    first = pieces[0][0]
    whole = bytearray()
    for start, audio in pieces:
        whole += silence * (start - first - len(whole))
        whole += audio
    return first, bytes(whole)
