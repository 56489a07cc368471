"""What one caller says, on its way from the socket to the conversation: in frames, with a detector's opinion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from calls.audio import ulaw
from calls.audio.ears import Ear
from calls.conversation.events import CallerFrame, Event, MarkReturned, ResponseAudio
from calls.line import joint_hearing

FRAME_BYTES: Final = 160
"""20 ms. Twilio's pieces are that long; whatever comes is judged in such steps."""


class CallerFrames:
    """Tells the conversation of one call about its caller's frames, in the order in which they came.

    `is_wanted` is asked whether a detector is to hear a frame of some energy (16-bit rms), and `may_wait` whether it
    may do so after the frame was told, with its last answer. Any other such frame is told a few milliseconds later, or
    at the next `catch_up`.
    """

    def __init__(
        self,
        *,
        is_wanted: Callable[[int], bool],
        tell: Callable[[Event], None],
        may_wait: Callable[[int], bool] = lambda _rms: False,
    ) -> None:
        self._is_wanted = is_wanted
        self._may_wait = may_wait
        self._tell = tell
        self._ear = Ear()
        self._joint = joint_hearing.of_this_loop()
        self._held: tuple[float, int, int] | None = None
        self._after: list[MarkReturned | ResponseAudio] = []

    def hear(self, at: float, audio: bytes) -> None:
        """Take a piece of the caller's audio, µ-law."""
        if len(audio) == FRAME_BYTES:
            self._hear_frame(at, audio)
            return
        for start in range(0, len(audio), FRAME_BYTES):
            self._hear_frame(at, audio[start : start + FRAME_BYTES])

    def _hear_frame(self, at: float, frame: bytes) -> None:
        if self._held is not None:
            self._joint.judge_now()
        rms, milliseconds = ulaw.rms(frame), len(frame) // 8
        is_wanted = self._is_wanted(rms)
        has_window = self._ear.take(frame, wanted=is_wanted)
        if has_window and not self._may_wait(rms):
            self._held = at, rms, milliseconds
            self._joint.add(self._ear, self._tell_held)
        else:
            if has_window:
                self._joint.add_later(self._ear)
            self._tell(CallerFrame(at, rms, milliseconds, self._ear.probability if is_wanted else None))

    def tell_after(self, event: MarkReturned | ResponseAudio) -> None:
        """Tell an event after the frame that waits: it can wait as long, and there are as many of them as frames."""
        if self._held is None:
            self._tell(event)
        else:
            self._after.append(event)

    def catch_up(self) -> None:
        """Tell what waits: something else is about to be told, or asked."""
        if self._held is not None:
            self._joint.judge_now()

    def _tell_held(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            events, self._after = self._after, []
            self._tell(CallerFrame(*held, self._ear.probability))
            for event in events:
                self._tell(event)
