"""What it costs to try other settings on recorded calls: reading their traces, and playing them.

    .venv/bin/python bench/bench_tunings.py
    .venv/bin/python bench/bench_tunings.py --calls 20 --minutes 5

Processor time of one process, of calls that the tests' world imagines (`calls/tests/world.py`): somebody asks every
eleven seconds, the answer takes six, every third is coughed at and every fourth interrupted. `whole` is the same by
copies that go on through whole utterances, whether anybody is heard or not; both must find the same.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontdesk.settings")

import django  # noqa: E402 - needs the path

django.setup()

from calls.conversation import ConversationSettings  # noqa: E402 - needs the settings
from calls.records import trying  # noqa: E402
from calls.records.traces import Decided, TraceLine, decode, encode  # noqa: E402
from calls.tests.script import Script, Sound  # noqa: E402
from calls.tests.world import World  # noqa: E402

OWN: Final = ConversationSettings(greeting_text="Hello", greeting_bytes=24_000, language="en")
TRIED: Final = replace(OWN, barge_in_voice_frames=4, barge_in_debounce_ms=200)
MOST_CALLS: Final = 200
Given = TypeVar("Given")
Found = TypeVar("Found")


class Whole(trying.Indifferent):
    """Nothing is indifferent: each utterance is copied where it begins, and to its end."""

    is_gate_same = False

    def passes(self, event: object) -> bool:
        """Returns that it isn't."""
        return False


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=2.0)
    given = parser.parse_args()
    chunks = [recorded(number, given.minutes * 60) for number in range(given.calls)]
    read_s, traces = timed(chunks, lambda chunk: list(decode(chunk, only_events=True)))
    tried_s, found = timed(traces, lambda trace: trying.try_settings(trace, OWN, TRIED))
    trying.Indifferent = Whole  # type: ignore[misc]
    whole_s, same = timed(traces, lambda trace: trying.try_settings(trace, OWN, TRIED))
    assert found == same
    each_s = read_s + tried_s
    print(
        json.dumps(
            {
                "part": "tunings", "minutes": given.minutes, "moments": sum(map(len, found)),
                "reading_ms": round(read_s * 1000, 1), "trying_ms": round(tried_s * 1000, 1),
                "whole_ms": round(whole_s * 1000, 1), f"{MOST_CALLS}_calls_s": round(each_s * MOST_CALLS, 1),
            }
        )
    )  # fmt: skip


def timed(given: list[Given], work: Callable[[Given], Found]) -> tuple[float, list[Found]]:
    """Returns the seconds of the processor for each, and what was found."""
    began = time.process_time()
    found = [work(each) for each in given]
    return (time.process_time() - began) / len(given), found


def recorded(number: int, seconds: float) -> bytes:
    """Returns the trace of a call as it is kept."""
    sounds, at = list[Sound](), 5.0 + number % 7 * 0.3
    for turn in range(round((seconds - 12) / 11)):
        sounds.append(Sound(round(at, 2), 1.8))
        if turn % 3 == number % 3:
            sounds.append(Sound(round(at + 4.0 + number % 5 * 0.2, 2), 0.26, is_noise=True))
        if turn % 4 == number % 4:
            sounds.append(Sound(round(at + 5.0 + number % 3 * 0.4, 2), 1.2))
        at += 11.0
    world = World(Script(OWN, tuple(sounds), answer_s=6.0, seconds=seconds, has_ears=True, answer_rms=1200)).run()
    lines: list[TraceLine] = []
    commands = iter(world.commands)
    for (_at, event), led_to in zip(world.events, world.commands_of_events, strict=True):
        lines.append(event)
        lines += [Decided(event.at, next(commands)[1]) for _ in range(led_to)]
    return encode(lines)


if __name__ == "__main__":
    main()
