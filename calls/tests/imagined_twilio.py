"""Twilio in an imagined call: a buffer that plays whole frames in real time, marks, clear. Time is an argument."""

from __future__ import annotations

from collections.abc import Callable

from calls.tests.happenings import Heard, Queued

FRAME_S = 0.02
BYTES_PER_S = 8000
FRAME_BYTES = 160


class ImaginedTwilio:
    """The playback of one call. `at` plans an action for a moment; `mark_played` is told each mark that returns."""

    def __init__(self, at: Callable[[float, Callable[[], None]], None], mark_played: Callable[[str], None]) -> None:
        self.buffer: list[Queued] = []
        self.heard: list[Heard] = []
        self._at = at
        self._mark_played = mark_played
        self._play_from = 0.0
        self._unplayed = 0
        self._looks_at = -1.0

    def queue(self, now: float, piece: Queued) -> None:
        """Take a piece of audio."""
        self.play_up_to(now)
        if not self.buffer:
            self._play_from = now
        self.buffer.append(piece)
        self._unplayed += piece.end - piece.start
        self._play_on(now)

    def clear(self, now: float) -> None:
        """Drop what has not played, and return all marks."""
        self.play_up_to(now)
        for piece in self.buffer:
            self._mark_played(piece.mark)
        self.buffer.clear()
        self._unplayed = 0

    def play_up_to(self, moment: float) -> None:
        """Play whole frames of 20 ms; a shorter rest counts as one. Marks return when their frame has played."""
        while self.buffer:
            size = min(FRAME_BYTES, self._unplayed)
            ends = self._play_from + size / BYTES_PER_S
            if ends > moment + 1e-9:
                return
            self._play_frame(size, ends)

    def _play_on(self, now: float) -> None:
        """Look again when the next frame has played, so that its marks return at that moment."""
        self.play_up_to(now)
        if self.buffer and self._looks_at <= now:
            looks_at = self._looks_at = self._play_from + min(FRAME_BYTES, self._unplayed) / BYTES_PER_S
            self._at(looks_at, lambda: self._play_on(looks_at))

    def _play_frame(self, size: int, ends: float) -> None:
        self._unplayed -= size
        while size:
            piece = self.buffer[0]
            played = min(size, piece.end - piece.start)
            self.heard.append(Heard(piece.item_id, piece.start, piece.start + played, ends))
            piece.start += played
            size -= played
            if piece.start == piece.end:
                self.buffer.pop(0)
                self._mark_played(piece.mark)
        self._play_from = ends
