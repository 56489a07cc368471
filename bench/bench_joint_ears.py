"""What a window of 32 ms costs the speech detector, alone and together with those of other calls.

    .venv/bin/python bench/bench_joint_ears.py

Processor time of one thread. The best of some repetitions is printed: others on the machine only make it slower.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

import frontdesk  # noqa: E402, F401 - numpy uses one thread, as in production
from calls.audio import ears, ulaw  # noqa: E402
from calls.audio.ears import Ear  # noqa: E402
from calls.audio.silero import WINDOW  # noqa: E402
from calls.sandbox.telephone import wav_files  # noqa: E402

TOGETHER = (1, 2, 4, 8, 16, 32)
REPETITIONS = 9


def microseconds(calls: int, audio: bytes) -> float:
    """Returns the time for each window when so many calls hear the audio, each from another place of it."""
    listeners = [Ear() for _call in range(calls)]
    places = [audio[number * WINDOW :] + audio[: number * WINDOW] for number in range(calls)]
    windows, began = 0, time.process_time()
    for start in range(0, len(audio) - WINDOW + 1, WINDOW):
        for ear, place in zip(listeners, places, strict=True):
            ear.take(place[start : start + WINDOW], wanted=True)
        ears.judge(listeners)
        windows += calls
    return (time.process_time() - began) / windows * 1e6


def main() -> None:
    """Print a table."""
    audio = wav_files.read_as_ulaw(ROOT / "tests/audio/one-moment-please.wav") + ulaw.SILENCE * 8000
    print("| calls together | µs a window |\n|---|---|")
    for calls in TOGETHER:
        print(f"| {calls} | {min(microseconds(calls, audio) for _time in range(REPETITIONS)):.0f} |")


if __name__ == "__main__":
    main()
