"""Coverage-guided fuzzing by atheris: `make fuzz ONLY=line SECONDS=180`; without ONLY, each target in turn.

What is found is written to `var/fuzz/<target>/`, whose `corpus/` the next run goes on from. To see a crash again:
`python -m testing.fuzz line var/fuzz/line/crash-…`.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
LONGEST_INPUT = 60_000
"""Bytes."""
LONGEST_TRY_S = 25
"""An input that takes longer counts as a hang."""
MOST_MEMORY_MB = 2_500


def main() -> int:
    """Fuzz each target in a process of its own. Returns 1 if anything was found."""
    from testing.fuzz.targets import NAMES  # noqa: PLC0415 - the processes load it under instrumentation

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="", help="of the target that a file is given to")
    parser.add_argument("file", nargs="?", type=Path, help="what was found earlier")
    parser.add_argument("--only", default="", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--seconds", type=int, default=180, help="of each target")
    parser.add_argument("--here", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        fuzz(given.here, given.seconds)
    if given.file:
        logging.disable(logging.WARNING)
        set_up().try_of(given.name, given.file.read_bytes())
        return 0
    if given.only and given.only not in NAMES:
        parser.error(f"--only is one of {', '.join(NAMES)}")
    bad = 0
    for name in [given.only] if given.only else NAMES:
        print(f"== {name}: {given.seconds} s", flush=True)
        command = [sys.executable, "-m", "testing.fuzz", "--here", name, "--seconds", str(given.seconds)]
        bad |= subprocess.run(command, cwd=ROOT, check=False).returncode
    return int(bad != 0)


class Ready:
    """Django and the targets, loaded."""

    def try_of(self, name: str, data: bytes) -> None:
        """Give bytes to a target."""
        from testing.fuzz.targets import target  # noqa: PLC0415 - needs Django's settings

        target(name).try_bytes(data)


def set_up() -> Ready:
    """Set Django up as tests have it."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "testing.settings"
    import django  # noqa: PLC0415 - only after its settings are named

    django.setup()
    return Ready()


def fuzz(name: str, seconds: int) -> None:
    """Fuzz one target. The process ends here: with 0, or another code if something was found."""
    import atheris  # noqa: PLC0415 - installed by `make fuzz` only

    with atheris.instrument_imports(include=["calls", "whatsapp", "businesses"]):
        set_up()
        from testing.fuzz.targets import target  # noqa: PLC0415 - needs Django's settings

        found = target(name)
    logging.disable(logging.WARNING)
    folder = ROOT / "var" / "fuzz" / name
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(found.SEEDS):
        (folder / "corpus" / f"seed-{number:02}").write_bytes(seed)

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        if random.randrange(4) == 0:
            return bytes(atheris.Mutate(data, most))
        try:
            return found.spoil(data or found.SEEDS[0], random)[:most]
        except Exception:  # what was spoilt before may be no archive any more
            return bytes(atheris.Mutate(data, most))

    options = {
        "max_total_time": seconds,
        "max_len": LONGEST_INPUT,
        "timeout": LONGEST_TRY_S,
        "rss_limit_mb": MOST_MEMORY_MB,
        "artifact_prefix": f"{folder}/",
        "print_final_stats": 1,
    }
    arguments = [sys.argv[0], *(f"-{key}={value}" for key, value in options.items()), str(folder / "corpus")]
    atheris.Setup(arguments, found.try_bytes, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
