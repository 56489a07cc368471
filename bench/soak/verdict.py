"""What a soak says: how each figure grows, and whether that is more than it may. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

MOST_MEMORY_PER_HOUR: Final = 0.02
"""Of the memory at the end of the warm-up."""
LEAST_MB: Final = 2.0
"""Of growth within the run: less can't be told from a heap that settles."""
SPARE: Final = {
    "sockets": 3,
    "sockets of Redis": 20,
    "files": 4,
    "threads": 3,
    "tasks": 4,
    "connections": 2,
    "waiting news": 100,
    "waiting summaries": 5,
    "waiting greetings": 0,
    "waiting imports": 0,
    "waiting media": 0,
    "waiting unknown_messages": 0,
}
"""By how much each may be above its first rest at the last one: a poll, a keep-alive or a health check may be under
way at that moment, and a request under way has four tasks. redis-py keeps as many connections as were ever in use at
once, and more calls than before may have begun in the same moment. The broadcast goes on at a rest: its news of the
last seconds wait to be applied."""
SURELY: Final = 2.0
"""Standard errors by which a slope must be above its bound: a figure that goes up and down is not a leak."""
MEMORY: Final = ("pss_mb", "uss_mb")


@dataclass(frozen=True, slots=True)
class Sample:
    """All figures at one time. `is_rest`: no call is on the line, and no page is asked for.

    `figures`: by process and name, like `("web", "pss_mb")`.
    """

    at_s: float
    is_rest: bool
    figures: Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class Slope:
    """How much a figure grows in an hour, by least squares, and the standard error of that."""

    per_hour: float
    error: float


@dataclass(slots=True)
class Happened:
    """What went wrong for people. Each is reason enough to fail."""

    broken_greetings: list[str] = field(default_factory=list)
    failed_calls: list[str] = field(default_factory=list)
    failed_pages: list[str] = field(default_factory=list)
    doubled_messages: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)


def slope(samples: Sequence[tuple[float, float]]) -> Slope:
    """Returns the slope of (seconds, value)."""
    count = len(samples)
    if count < 3:
        return Slope(0.0, math.inf)
    mean_at = sum(at for at, _value in samples) / count
    mean = sum(value for _at, value in samples) / count
    spread = sum((at - mean_at) ** 2 for at, _value in samples)
    rise = sum((at - mean_at) * (value - mean) for at, value in samples) / spread
    rest = sum((value - mean - rise * (at - mean_at)) ** 2 for at, value in samples)
    return Slope(rise * 3600, math.sqrt(rest / (count - 2) / spread) * 3600)


def grown(samples: Sequence[Sample]) -> list[str]:
    """Returns a sentence for everything that has grown beyond its bound. The first sample is the first rest."""
    rests = [each for each in samples if each.is_rest]
    found = []
    for key in _known_throughout(samples):
        process, name = key
        if name in MEMORY:
            line = _memory(samples, key)
            at_first = rests[0].figures[key]
            surely = line.per_hour - SURELY * line.error
            hours = (samples[-1].at_s - samples[0].at_s) / 3600
            if surely > MOST_MEMORY_PER_HOUR * at_first and surely * hours > LEAST_MB:
                found.append(f"{process}: {name} grows by {line.per_hour:.1f} an hour (surely {surely:.1f})")
        elif rests[-1].figures[key] > rests[0].figures[key] + SPARE.get(name, math.inf):
            before, after = rests[0].figures[key], rests[-1].figures[key]
            found.append(f"{process}: {name} at rest were {before:.0f} and are {after:.0f}")
    return found


def _known_throughout(samples: Sequence[Sample]) -> list[tuple[str, str]]:
    """Returns what was measured each time: a process that reads a file, for example, is there for a moment only."""
    return [key for key in samples[0].figures if all(key in each.figures for each in samples)]


def _memory(samples: Sequence[Sample], key: tuple[str, str]) -> Slope:
    return slope([(each.at_s, each.figures[key]) for each in samples if not each.is_rest])


def table(samples: Sequence[Sample]) -> list[str]:
    """Returns a line for each figure: at the first rest, the most under load, at the last rest, and its slope."""
    rests = [each for each in samples if each.is_rest]
    lines = ["| process | figure | first rest | most under load | last rest | an hour |", "|---|---|---|---|---|---|"]
    for key in _known_throughout(samples):
        loaded = [each.figures[key] for each in samples if not each.is_rest]
        line = _memory(samples, key)
        said = "" if math.isinf(line.error) else f"{line.per_hour:+.1f} ± {SURELY * line.error:.1f}"
        values = (rests[0].figures[key], max(loaded, default=0.0), rests[-1].figures[key])
        lines.append(f"| {key[0]} | {key[1]} | " + " | ".join(f"{value:.1f}" for value in values) + f" | {said} |")
    return lines
