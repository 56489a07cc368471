"""All that `make bench` measures, in one table and one picture.

    .venv/bin/python -m bench [--parts calls ears broadcasts imports pages start] [--repeats 3] [--quick]

A round runs each part once, so that what is compared was measured in the same minutes; the table has best and median
of all rounds. Each part is a benchmark of its own, which `bench/together/parts.py` names. Everything is kept in
`var/bench.json`, what the benchmarks print in `var/bench.log`, and the picture is `var/bench.png`. Where a part can't
run (no recordings, no pipecat), this is said. Ends with 1 if one failed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.together import figures, watching
from bench.together.figures import Results, Round
from bench.together.parts import PARTS, Part

VAR: Final = watching.ROOT / "var"
KEPT, LOG, PICTURE = VAR / "bench.json", VAR / "bench.log", VAR / "bench.png"
REPEATS: Final = 3


class Bench:
    """One run."""

    def __init__(self, *, is_quick: bool) -> None:
        self.results = Results()
        self._is_quick = is_quick
        self._load = os.getloadavg()[0]
        self._began = datetime.now(UTC)
        self._raw: list[dict[str, Any]] = []

    def run(self, parts: list[Part], repeats: int) -> None:
        """Run all parts in each round. One that can't run or fails is tried once."""
        for number in range(1, repeats + 1):
            for part in list(parts):
                print(f"round {number} of {repeats}: {part.name} ...", file=sys.stderr, flush=True)
                if not self._measure(part, number):
                    parts.remove(part)
                self._keep()

    def _measure(self, part: Part, number: int) -> bool:
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            done = watching.run([*part.command(is_quick=self._is_quick), "--json", file.name], LOG)
            if done.code == os.EX_UNAVAILABLE:
                self.results.left_out.append(f"{part.name} is left out: {done.said}")
            elif done.code:
                self.results.failed.append(f"{part.name} failed ({LOG} has all it said): {done.said}")
            else:
                found = json.loads(Path(file.name).read_bytes())
                measured, notes = part.read(found)
                notes = [f"{part.name}: {each}" for each in notes]
                round_ = Round(part.name, number, done.seconds, done.others, tuple(measured), tuple(notes))
                self.results.rounds.append(round_)
                self._raw.append({"part": part.name, "round": number, "found": found})
        return not done.code

    @property
    def machine(self) -> list[str]:
        """Returns sentences about the machine and how noisy it was."""
        what = f"{self._began:%d %B %Y}, {platform.system()} {platform.release()}, Python {platform.python_version()}"
        loads = (self._load, os.getloadavg()[0])
        return [f"{what}.", *figures.machine(self.results.rounds, cores=os.cpu_count() or 1, loads=loads)]

    def _keep(self) -> None:
        """Write down what is known so far."""
        kept = {
            "began": self._began.isoformat(),
            "is_quick": self._is_quick,
            "machine": self.machine,
            **asdict(self.results),
            "raw": self._raw,
        }
        KEPT.write_text(json.dumps(kept, indent=1) + "\n")


def main() -> int:
    """Run, print the table and draw the picture. Returns 1 if a part failed."""
    names = [part.name for part in PARTS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=names, default=names)
    parser.add_argument("--repeats", type=int, help=f"rounds: {REPEATS}, or 1 with --quick")
    parser.add_argument("--quick", action="store_true", help="a small form that takes some minutes, to try it")
    given = parser.parse_args()
    VAR.mkdir(exist_ok=True)
    LOG.write_bytes(b"")
    watching.adopt_orphans()
    bench = Bench(is_quick=given.quick)
    bench.run([part for part in PARTS if part.name in given.parts], given.repeats or (1 if given.quick else REPEATS))
    results = bench.results
    rows = figures.rows(results.rounds)
    print(*figures.table(rows), "", *bench.machine, *results.left_out, *results.failed, *results.notes, sep="\n")
    if rows:
        from bench.together.picture import draw  # noqa: PLC0415 - slow to load, and only here

        draw(rows, PICTURE)
        print(f"{PICTURE} is a picture of it, {KEPT} has everything.")
    return bool(results.failed)


if __name__ == "__main__":
    sys.exit(main())
