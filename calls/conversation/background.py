"""Other people behind the caller: voices that go on whoever has the floor, and how loud they are.

One channel doesn't tell whose voice it is, but a caller stops to listen, and is nearer than the room:

- A *crowd* never falls silent for as long as a caller does at the end of a turn.
- A *television* is one voice with gaps like a caller's. It goes on without a gap in which an answer could have begun,
  also while the assistant is heard.

To interrupt, a caller must stand out of them. What is as loud as a voice near the telephone is never taken for one of
them, so a mistake can only cost a soft caller an interruption, and is over with the next silence.

Levels are rms of 16-bit linear samples, times seconds of the call.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import sqrt

from calls.conversation.activity import SPEECH_PROBABILITY
from calls.conversation.events import CallerFrame

CROWD_S = 4.0
CROWD_VOICE_MS = 1500
CROWD_GAP_MS = 500
"""A caller's turn ends by at least this much silence, and the answer comes later still."""
TELEVISION_S = 8.0
TELEVISION_VOICE_MS = 2500
TELEVISION_OVERLAP_MS = 500
"""A caller who interrupts stops the assistant within a fraction of this."""
ANSWER_GAP_MS = 800
"""A caller who waits for an answer is silent for longer than this."""
TELEVISION_GAP_MS = 2000
"""Once it is known, a television is expected again after as much silence."""
FAINTEST_RMS = 80
"""What is softer interrupts nobody."""
LOUDEST_RMS = 750
"""Of the peaks of a quarter of a second. Most people's voices near a telephone are louder."""
STANDS_OUT = 2.0
"""A caller is this much louder than the usual peaks of the others: 6 dB, which their loudest hardly reach."""

_STEP_MS = 240
_MOST_STEPS = 40  # 9.6 s
_PEAK_FRAMES = 3


@dataclass(slots=True)
class Streak:
    """Voice that goes on: since when, how much of it was surely no echo, and how much the assistant spoke over.

    While an echo of the assistant may cover a soft voice, its gaps can't be heard and count as none.
    """

    longest_gap_ms: int
    since: float = float("inf")
    voice_ms: int = 0
    overlap_ms: int = 0
    _silent_ms: int = 0

    def voice(self, frame: CallerFrame, *, assistant_is_heard: bool) -> None:
        """Note a frame of somebody's voice."""
        self.since = min(self.since, frame.at)
        self.voice_ms += frame.milliseconds
        self.overlap_ms += frame.milliseconds if assistant_is_heard else 0
        self._silent_ms = 0

    def covered(self) -> None:
        """Note a frame that may be a voice or the assistant's echo."""
        self._silent_ms = 0

    def silence(self, milliseconds: int) -> None:
        """Note that nobody spoke."""
        self._silent_ms += milliseconds
        if self._silent_ms > self.longest_gap_ms:
            self.since, self.voice_ms, self.overlap_ms = float("inf"), 0, 0

    def has_lasted(self, at: float, seconds: float, *, voice_ms: int, overlap_ms: int = 0) -> bool:
        """Tell whether it is so long, with so much voice, and so much of that over the assistant's."""
        return at - self.since >= seconds and self.voice_ms >= voice_ms and self.overlap_ms >= overlap_ms


@dataclass(slots=True)
class Background:
    """What is known of the voices behind one caller."""

    gate_rms: float = 0.0
    """What a caller's voice must exceed to interrupt; 0: nobody else is heard."""
    _crowd: Streak = field(default_factory=lambda: Streak(CROWD_GAP_MS))
    _television: Streak = field(default_factory=lambda: Streak(ANSWER_GAP_MS))
    _peaks: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_STEPS))
    _energies: deque[int] = field(default_factory=lambda: deque(maxlen=_PEAK_FRAMES))
    _step_ms: int = 0
    _peak: float = 0.0

    def may_begin(self, at: float) -> bool:
        """Tell whether sound has gone on for so long that only a detector can tell voices from noise."""
        return at - self._crowd.since >= CROWD_S / 2

    def is_faint(self, rms: int) -> bool:
        """Tell whether a frame of this energy will be taken for silence, whatever a detector says of it."""
        before = list(self._energies)[1 - _PEAK_FRAMES :]
        return sqrt((sum(before) + rms * rms) / _PEAK_FRAMES) < FAINTEST_RMS

    def hear(self, frame: CallerFrame, *, echo_rms: float, assistant_is_heard: bool) -> None:
        """Take a frame into account. What is softer than `echo_rms` may be the assistant's own voice."""
        self._energies.append(frame.rms * frame.rms)
        level = sqrt(sum(self._energies) / _PEAK_FRAMES)
        may_be_speech = frame.speech_probability is None or frame.speech_probability >= SPEECH_PROBABILITY
        for streak in (self._crowd, self._television):
            if not may_be_speech or level < FAINTEST_RMS:
                streak.silence(frame.milliseconds)
            elif level < echo_rms:
                streak.covered()
            else:
                streak.voice(frame, assistant_is_heard=assistant_is_heard)
        self._peak = max(self._peak, level)
        self._step_ms += frame.milliseconds
        if self._step_ms >= _STEP_MS:
            self._judge(frame)
            self._peak, self._step_ms = 0.0, 0

    def _judge(self, frame: CallerFrame) -> None:
        """Decide four times a second whether others are heard, and how loud they are."""
        if not self._television.voice_ms:
            self._peaks.clear()
        if not self.gate_rms or self._peak <= self.gate_rms:  # the caller's own voice says nothing about them
            self._peaks.append(self._peak)
        is_crowd = self._crowd.has_lasted(frame.at, CROWD_S, voice_ms=CROWD_VOICE_MS)
        is_television = self._television.has_lasted(
            frame.at, TELEVISION_S, voice_ms=TELEVISION_VOICE_MS, overlap_ms=TELEVISION_OVERLAP_MS
        )
        self._television.longest_gap_ms = TELEVISION_GAP_MS if is_television else ANSWER_GAP_MS
        usual = sorted(self._peaks)[len(self._peaks) // 2]
        is_behind = (is_crowd or is_television) and frame.speech_probability is not None and usual <= LOUDEST_RMS
        self.gate_rms = STANDS_OUT * usual if is_behind else 0.0
