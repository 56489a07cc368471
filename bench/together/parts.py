"""The parts of `make bench`: which benchmark measures each, and how much of it, in full and in the small form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.together import readings
from bench.together.readings import Found, Read


@dataclass(frozen=True, slots=True)
class Part:
    """One of them. `words` follow the interpreter's name; `full` or `quick` follow these, then `--json FILE`."""

    name: str
    words: tuple[str, ...]
    full: tuple[str, ...]
    quick: tuple[str, ...]
    read: Callable[[Found], Read]

    def command(self, *, is_quick: bool) -> list[str]:
        """Returns the words after the interpreter's name, without the file of the figures."""
        return [*self.words, *(self.quick if is_quick else self.full)]


PARTS: Final = (
    Part("calls", ("-m", "bench.town", "--repeats", "1"), (), ("--calls", "20", "--seconds", "5"), readings.calls),
    Part("ears", ("bench/bench_live_ears.py",), (), ("--clips", "6"), readings.ears),
    Part(
        "broadcasts",
        ("bench/bench_broadcasts.py", "--only", "sending-postgres", "sending-sqlite"),
        (),
        ("--people", "2000"),
        readings.broadcasts,
    ),
    Part("imports", ("bench/bench_imports.py",), ("--rows", "20000"), ("--rows", "2000"), readings.imports),
    Part(
        "pages",
        ("-m", "bench.growth", "--only", "pages"),
        ("--parts", "0.01", "0.1"),
        ("--parts", "0.002", "0.01"),
        readings.pages,
    ),
    Part("start", ("bench/bench_start.py",), ("--rounds", "3"), ("--rounds", "1"), readings.starts),
)
