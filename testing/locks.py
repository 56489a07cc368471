"""Checks without a network that the locked requirements match the `.in` files: `python -m testing.locks`.

`requirements.in` and `requirements-dev.in` are written by hand and pin what the project itself uses. `make lock`
resolves each into the `.txt` file of the same name: the same releases, everything that these need, and a hash for
every file. This check finds a `.in` file that was edited without `make lock`, and a `.txt` file edited by hand.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("requirements", "requirements-dev")

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[.*?\])?==([^\s;\\]+)", re.MULTILINE)
INCLUDE = re.compile(r"^-r (\S+)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
INDEX = re.compile(r"\w+://\S+|^ *(?:-i|-f|--index-url|--extra-index-url|--find-links)\b", re.MULTILINE)

Pins = set[tuple[str, str]]
"""Names and releases; a name has several releases where systems differ."""


def main() -> int:
    """Print every difference. Returns 0 if there is none."""
    sources = {name: written(ROOT / f"{name}.in") for name in NAMES}
    locks = {name: (ROOT / f"{name}.txt").read_text() for name in NAMES}
    problems = [problem for name in NAMES for problem in differences(name, sources[name], locks[name])]
    if not pins(locks["requirements"]) <= pins(locks["requirements-dev"]):
        problems.append("requirements-dev.txt has other releases than requirements.txt")
    print(*problems, *(["To write the locks anew: make lock"] if problems else []), sep="\n", end="\n" * bool(problems))
    return 1 if problems else 0


def differences(name: str, source: Pins, lock: str) -> list[str]:
    """Returns a sentence for each way in which a lock does not match its source."""
    locked = pins(lock)
    asked_for = {pin for block in blocks(lock) if re.search(r"# +(?:via +)?-r ", block) for pin in pins(block)}
    return [
        *(f"{name}.in has {pin}=={release}, {name}.txt has not" for pin, release in sorted(source - locked)),
        *(f"{name}.txt has {pin}=={release}, {name}.in has not" for pin, release in sorted(asked_for - source)),
        *(f"{name}.txt has no hash for {block.split()[0]}" for block in blocks(lock) if not HASH.search(block)),
        *(f"{name}.txt names an index or address: {found.group()}" for found in INDEX.finditer(lock)),
    ]


def written(path: Path) -> Pins:
    """Returns the pins of a hand-written file and of the files that it includes by `-r`."""
    text = path.read_text()
    return pins(text).union(*(written(path.parent / included) for included in INCLUDE.findall(text)))


def pins(text: str) -> Pins:
    """Returns every pin, with normalised package names."""
    return {(re.sub(r"[-_.]+", "-", name).lower(), release) for name, release in PIN.findall(text)}


def blocks(lock: str) -> list[str]:
    """Split a lock into requirements, each with its hashes and the comment that says who asked for it."""
    return re.findall(r"^[^\s#].*\n(?:[ \t]+.*\n)*", lock, re.MULTILINE)


if __name__ == "__main__":
    sys.exit(main())
