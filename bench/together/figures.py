"""What rounds say together: best and median, ratios to a baseline of the same round, noise, one table. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

UNKNOWN: Final = "–"
HEADS: Final = ("part", "what", "baseline", "best", "median", "ratio to baseline", "noise")


@dataclass(frozen=True, slots=True)
class Measured:
    """What one thing cost in one round; less is better. `ratio`: to what `baseline` names, measured in that round.

    `others`: the cores that something else used meanwhile, if this is known better than for the whole part.
    """

    what: str
    value: float
    unit: str
    baseline: str = ""
    ratio: float | None = None
    others: float | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """One part, once. `others`: the cores that something else used meanwhile. `notes`: what is to be known of it."""

    part: str
    number: int
    seconds: float
    others: float
    measured: tuple[Measured, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Results:
    """All rounds of a run, and the sentences about parts that are left out or failed."""

    rounds: list[Round] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """Returns what is to be known of the rounds, each sentence once."""
        return list(dict.fromkeys(note for each in self.rounds for note in each.notes))


@dataclass(frozen=True, slots=True)
class Row:
    """One thing in all its rounds."""

    part: str
    what: str
    unit: str
    baseline: str
    values: tuple[float, ...]
    ratios: tuple[float, ...]
    others: tuple[float, ...]

    @property
    def best(self) -> float:
        """Returns the least of the rounds."""
        return min(self.values)

    @property
    def median(self) -> float:
        """Returns the median of the rounds."""
        return median(self.values)

    @property
    def ratio(self) -> float | None:
        """Returns the median of the rounds' own ratios."""
        return median(self.ratios) if self.ratios else None

    @property
    def spread(self) -> float | None:
        """Returns how far the rounds are apart, as a share of their median; None for a single one."""
        if len(self.values) < 2 or not self.median:
            return None
        return (max(self.values) - self.best) / self.median


def rows(rounds: Iterable[Round]) -> list[Row]:
    """Returns a row for each thing, those of a part together, in the order in which they were first measured."""
    parts: dict[str, dict[str, list[tuple[Round, Measured]]]] = {}
    for each in rounds:
        for measured in each.measured:
            parts.setdefault(each.part, {}).setdefault(measured.what, []).append((each, measured))
    return [_row(part, what, found) for part, things in parts.items() for what, found in things.items()]


def _row(part: str, what: str, found: Sequence[tuple[Round, Measured]]) -> Row:
    first = found[0][1]
    return Row(
        part,
        what,
        first.unit,
        first.baseline,
        tuple(each.value for _round, each in found),
        tuple(each.ratio for _round, each in found if each.ratio is not None),
        tuple(known.others if each.others is None else each.others for known, each in found),
    )


def table(found: Iterable[Row]) -> list[str]:
    """Returns the lines of a table in Markdown."""
    return [_line(HEADS), _line(["---"] * len(HEADS)), *(_line(_cells(row)) for row in found)]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row) -> list[str]:
    return [
        row.part,
        f"{row.what} ({row.unit})",
        row.baseline or UNKNOWN,
        plain(row.best),
        plain(row.median),
        UNKNOWN if row.ratio is None else f"× {plain(row.ratio)}",
        noise(row),
    ]


def noise(row: Row) -> str:
    """Returns how far its rounds are apart, and how many cores something else used meanwhile."""
    apart = "" if row.spread is None else f"{row.spread:.0%} apart, "
    least, most = min(row.others), max(row.others)
    others = f"{most:.1f}" if f"{least:.1f}" == f"{most:.1f}" else f"{least:.1f} to {most:.1f}"
    return f"{apart}others {others}"


def plain(value: float) -> str:
    """Returns a number with three digits that say something, never in powers of ten."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def machine(rounds: Sequence[Round], *, cores: int, loads: tuple[float, float]) -> list[str]:
    """Returns sentences about how noisy the machine was: figures mean little where it was not quiet."""
    said = f"{cores} cores, load {loads[0]:.1f} before and {loads[1]:.1f} after."
    if not rounds:
        return [said]
    others = sorted(each.others for each in rounds)
    minutes = sum(each.seconds for each in rounds) / 60
    return [
        f"{said} It took {minutes:.0f} minutes; rounds: {max(each.number for each in rounds)}.",
        f"Others used {others[0]:.2f} to {others[-1]:.2f} cores meanwhile (median {median(others):.2f} of {cores})"
        + (": trust ratios, and little else." if median(others) > QUIET else "."),
    ]


QUIET: Final = 0.2
"""Of a core: what others may use while figures, and not only ratios, mean something."""
