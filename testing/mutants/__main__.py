"""`make mutants`: try a sample of mutants and write `docs/mutants.md`.

python -m testing.mutants --seed 7 --sample 100 --only calls/conversation
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from testing.mutants import page
from testing.mutants.operators import Mutant, mutants_of
from testing.mutants.trial import LOST, Trial, Verdict


@dataclass(frozen=True)
class Room:
    """Some sources, and the tests that should notice when they break."""

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]
    marks: str


ROOMS = (
    Room("the conversation core", ("calls/conversation",), ("calls/tests",), "pure"),
    Room(
        "the sending rules",
        (
            "whatsapp/sending",
            "whatsapp/webhooks/folding.py",
            "whatsapp/broadcasts/lifecycle.py",
            "whatsapp/recipients.py",
        ),
        ("whatsapp/sending/tests", "whatsapp/webhooks/tests", "whatsapp/tests"),
        "not realtime and not browser",
    ),
)
PYTEST = ["-p", "no:cacheprovider", "-p", "no:xdist"]


def main(arguments: Sequence[str]) -> int:
    """Try the mutants, whatever becomes of them; 1 when there are none."""
    options = _parser().parse_args(arguments)
    began = time.monotonic()
    rooms = [Room("the given room", tuple(options.source), tuple(options.tests), "")] if options.source else ROOMS
    verdicts: dict[str, list[Verdict]] = {}
    total = 0
    drawn = random.Random(options.seed)  # noqa: S311 - a sample, not a secret
    found = {room.name: (room, _sources_of(room, options.only)) for room in rooms}
    everything = [
        (name, mutant)
        for name, (_room, sources) in found.items()
        for file, source in sources.items()
        for mutant in mutants_of(source, file)
    ]
    total = len(everything)
    size = min(options.sample or total, total)
    chosen = sorted(drawn.sample(everything, size), key=lambda pair: (pair[1].file, pair[1].start))
    _say(f"{size} of {total} mutants, seed {options.seed}")
    for name, (room, sources) in found.items():
        mutants = [mutant for its_room, mutant in chosen if its_room == name]
        if mutants:
            verdicts[name] = _tried(room, mutants, sources)
    text = page.written(verdicts, seed=options.seed, sample=size, total=total, only=options.only)
    Path(options.page).write_text(text)
    _say(f"{page.summary(verdicts)} ({time.monotonic() - began:.0f} s). Written to {options.page}.")
    return 0 if total else 1


def _tried(room: Room, mutants: Sequence[Mutant], sources: dict[str, str]) -> list[Verdict]:
    trial = Trial(mutants, sources, _say)
    _say(f"== {room.name}: {len(mutants)} mutants")
    marks = ["-m", room.marks] if room.marks else []
    code = pytest.main([*PYTEST, *marks, *(path for path in room.tests if Path(path).exists())], plugins=[trial])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        raise SystemExit(f"pytest ended with {code!r}")
    return [verdict for verdict in trial.verdicts if verdict.by != LOST]


def _sources_of(room: Room, only: str) -> dict[str, str]:
    files: list[Path] = []
    for source in map(Path, room.sources):
        files += sorted(source.rglob("*.py")) if source.is_dir() else [source] * source.exists()
    kept = [file for file in files if "tests" not in file.parts and file.as_posix().startswith(only)]
    return {file.as_posix(): file.read_text() for file in kept}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=150, help="how many; 0: all, which takes hours")
    parser.add_argument("--only", default="", help="the beginning of a path")
    parser.add_argument("--source", action="append", default=[], help="another folder or file to break")
    parser.add_argument("--tests", action="append", default=[], help="with --source: the tests that should notice")
    parser.add_argument("--page", default="docs/mutants.md")
    return parser


def _say(text: str) -> None:
    os.write(2, f"{text}\n".encode())  # pytest captures what is printed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
