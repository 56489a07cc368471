"""What the caller's telephone sends: silence, what the caller says, and the assistant's echo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calls.audio import ulaw
from calls.audio.ulaw import SAMPLE_RATE, SILENCE

FRAME_BYTES = 160
FRAME_S = FRAME_BYTES / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Echo:
    """How much softer and later the assistant's voice returns on the caller's line."""

    loss_db: float
    delay_s: float = 0.12


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, in seconds since the stream opened."""

    start: float
    end: float


class CallerTrack:
    """The caller's side, frame by frame. `track` is everything that was sent."""

    def __init__(self, echo: Echo | None = None) -> None:
        self.track = bytearray()
        self.said: list[Span] = []
        self._to_say = bytearray()
        self._echo = echo
        self._echo_gain = 10 ** (-echo.loss_db / 20) if echo else 0.0

    @property
    def is_speaking(self) -> bool:
        """Returns whether something is left to say."""
        return bool(self._to_say)

    def say(self, audio: bytes) -> Span:
        """Speak from the next frame on, or after what is being said. Returns from when to when."""
        start = len(self.track) + len(self._to_say)
        self._to_say += audio
        span = Span(start / SAMPLE_RATE, (start + len(audio)) / SAMPLE_RATE)
        self.said.append(span)
        return span

    def next_frame(self, heard: bytes | bytearray) -> bytes:
        """Returns the next 20 ms. `heard` is what the caller has heard since the stream opened (for the echo)."""
        frame = bytes(self._to_say[:FRAME_BYTES]).ljust(FRAME_BYTES, SILENCE)
        del self._to_say[:FRAME_BYTES]
        if self._echo:
            start = len(self.track) - round(self._echo.delay_s * SAMPLE_RATE)
            echoed = bytes(heard[max(start, 0) : max(start + FRAME_BYTES, 0)])
            if echoed:
                frame = self._with_echo(frame, echoed.rjust(FRAME_BYTES, SILENCE) if start < 0 else echoed)
        self.track += frame
        return frame

    def _with_echo(self, frame: bytes, echoed: bytes) -> bytes:
        mixed = ulaw.decode(frame).astype(np.float64)
        mixed[: len(echoed)] += ulaw.decode(echoed) * self._echo_gain
        return ulaw.encode(np.clip(np.rint(mixed), -32768, 32767).astype(np.int16))
