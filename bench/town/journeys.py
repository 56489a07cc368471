"""Journeys of numbered pieces of audio, one direction of a call each: how long they take, whether all arrive. Pure."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from bench.town.frame_numbers import MOST_PIECES


@dataclass(frozen=True, slots=True)
class Faults:
    """How many pieces were sent, were lost, came more than once, and came after one that was sent later."""

    sent: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0

    def __add__(self, other: Faults) -> Faults:
        return Faults(
            self.sent + other.sent,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.reordered + other.reordered,
        )


class Journey:
    """One direction of one call. Times are seconds of the same clock at both ends."""

    __slots__ = ("_came", "_highest", "_left", "_sent", "_took", "reordered", "sent_at")

    def __init__(self) -> None:
        self.sent_at = array("d", bytes(8 * MOST_PIECES))
        self._came = bytearray(MOST_PIECES)
        self._sent = 0
        self._highest = -1
        self.reordered = 0
        self._left, self._took = array("d"), array("d")  # of the first piece of each message

    @property
    def following(self) -> int:
        """Returns the number of the next piece that leaves."""
        return self._sent

    def leave(self, at: float, pieces: int = 1) -> None:
        """Note that so many pieces leave."""
        for piece in range(self._sent, self._sent + pieces):
            self.sent_at[piece] = at
        self._sent += pieces

    def arrive(self, piece: int, at: float, pieces: int = 1) -> None:
        """Note that so many pieces, from this one on, have arrived in one message."""
        left = self.sent_at[piece]
        self._left.append(left)
        self._took.append(at - left)
        for each in range(piece, min(piece + pieces, MOST_PIECES)):
            if each < self._highest and not self._came[each]:
                self.reordered += 1
            self._came[each] = min(self._came[each] + 1, 255)
        self._highest = max(self._highest, piece + pieces - 1)

    def is_missing(self, since: float, until: float) -> bool:
        """Returns whether a piece that left between these times is still under way, where numbers arrive at all."""
        return self._highest >= 0 and any(
            since <= self.sent_at[piece] < until and not self._came[piece] for piece in range(self._sent)
        )

    def faults(self, since: float, until: float) -> Faults:
        """Returns what became of the pieces that left between these times."""
        left = [piece for piece in range(self._sent) if since <= self.sent_at[piece] < until]
        came = [self._came[piece] for piece in left]
        return Faults(len(left), came.count(0), sum(times > 1 for times in came), self.reordered)

    def delays_ms(self, since: float, until: float) -> list[float]:
        """Returns the delays of what left between these times."""
        pairs = zip(self._left, self._took, strict=True)
        return [took * 1000 for left, took in pairs if since <= left < until]
