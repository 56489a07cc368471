"""Alternative detectors: a plain loudness threshold and WebRTC's detector, with the same two steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import webrtcvad

from bench.ears.corpus import Case
from bench.ears.trial import FRAME_S, Outcome
from calls.audio import ulaw

PAUSE_FRAMES, COMMIT_FRAMES = 3, 6
_RESUME_FRAMES = 20

IsVoice = Callable[[bytes], bool]


def loudness(threshold_rms: int) -> IsVoice:
    """Returns a detector for which frames of at least this rms are voice."""
    return lambda frame: ulaw.rms(frame) >= threshold_rms


def webrtc(mode: int) -> IsVoice:
    """Returns WebRTC's detector; `mode` (0 to 3) is its aggressiveness."""
    detector = webrtcvad.Vad(mode)
    return lambda frame: detector.is_speech(ulaw.decode(frame).tobytes(), 8000)


@dataclass(slots=True)
class Rule:
    """So many voiced frames in a row pause, more commit, quiet resumes. No echo gate: they have none."""

    is_voice: IsVoice
    pause_frames: int = PAUSE_FRAMES
    commit_frames: int = COMMIT_FRAMES

    def run(self, case: Case, heard: bytes) -> Outcome:
        """Listen to a whole case; `heard` is what the assistant says meanwhile, for its echo."""
        outcome = Outcome()
        run = quiet = 0
        paused = committed = False
        audio = with_echo(case, heard)
        for number in range(len(audio) // 160):
            voiced = self.is_voice(audio[number * 160 : number * 160 + 160])
            run, quiet = (run + 1, 0) if voiced else (0, quiet + 1)
            at = (number + 1) * FRAME_S
            if not paused and run >= self.pause_frames:
                paused, committed = True, False
                outcome.pauses.append(at)
            if paused and not committed and run >= self.commit_frames:
                committed = True
                outcome.commits.append(at)
            if paused and quiet >= _RESUME_FRAMES:
                paused = False
                if not committed:
                    outcome.resumes.append(at)
        return outcome


def with_echo(case: Case, heard: bytes) -> bytes:
    """Returns the caller's line with the echo of an assistant that never stops."""
    if case.echo is None:
        return case.audio
    delay = round(case.echo.delay_s * 8000)
    size = min(len(case.audio) - delay, len(heard))
    mixed = ulaw.decode(case.audio).astype(float)
    mixed[delay : delay + size] += ulaw.decode(heard[:size]) * 10 ** (-case.echo.loss_db / 20)
    return ulaw.encode(mixed.clip(-32768, 32767).astype("int16"))
