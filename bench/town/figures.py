"""What trials say: best and median of repeats, ratios against the limit of the same round, one table. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from bench.town.journeys import Faults

LIMIT: Final = "limit"
"""The server that is the least there is."""
UNKNOWN: Final = "–"
KEEPS_UP: Final = 0.98


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 99th percentile, in milliseconds."""

    p50: float
    p99: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        """Returns that of these values; None for none."""
        if not values:
            return None
        ordered = sorted(values)
        return cls(ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)])

    def __str__(self) -> str:
        return f"{self.p50:.2f} / {self.p99:.1f}"


@dataclass(frozen=True, slots=True)
class Trial:
    """One server with so many calls, once. `cpu`: % of a core per call. `faults`: None where audio has no numbers.

    `kept_up`: the share of the callers' audio that came through in time; less than all of it costs less.

    `waits`: from the first audio of an answer to the caller's telephone. `others`: cores that something else used.
    """

    server: str
    calls: int
    round: int
    cpu: float
    rss_kb: float
    to_openai: Spread | None
    to_caller: Spread | None
    waits: Spread | None
    faults: Faults | None
    lateness: Spread | None
    others: float
    waited: float
    generator: float
    kept_up: float = 1.0
    unopened: int = 0
    broken: int = 0

    @property
    def keeps_up(self) -> bool:
        """Returns whether it was not overloaded."""
        return self.kept_up >= KEEPS_UP


@dataclass(frozen=True, slots=True)
class Setup:
    """What a call costs one server besides the time that it lasts, once: CPU in milliseconds."""

    server: str
    round: int
    opening_ms: float
    closing_ms: float
    idle: float
    """% of a core without any call."""


@dataclass(slots=True)
class Results:
    """All trials of a run, and the sentences about those that were not made."""

    trials: list[Trial] = field(default_factory=list)
    setups: list[Setup] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def read(kept: Mapping[str, Any]) -> Results:
    """Returns results out of what `dataclasses.asdict` made of them, or JSON of that."""
    setups = [Setup(**each) for each in kept["setups"]]
    return Results([_trial(each) for each in kept["trials"]], setups, list(kept["skipped"]))


def _trial(kept: Mapping[str, Any]) -> Trial:
    spreads = ("to_openai", "to_caller", "waits", "lateness")
    inner: dict[str, Any] = {name: Spread(**kept[name]) if kept[name] else None for name in spreads}
    inner["faults"] = Faults(**kept["faults"]) if kept["faults"] else None
    return Trial(**{**kept, **inner})


@dataclass(frozen=True, slots=True)
class Row:
    """One server with so many calls, over all rounds in which it kept up."""

    server: str
    calls: int
    best: float
    median: float
    ratio: float | None
    """Against the limit with as many calls in the same round: the median."""
    trials: tuple[Trial, ...]
    """Those that kept up; all of them if none did."""

    @property
    def is_overloaded(self) -> bool:
        """Returns whether the server never kept up."""
        return not any(each.keeps_up for each in self.trials)

    @property
    def calls_a_core(self) -> int:
        """Returns how many calls would take a whole core, by calculation."""
        return int(100 / self.median)


def rows(results: Results, *, limit: str) -> list[Row]:
    """Returns a row for each server and number of calls, in the order in which they were first tried."""
    groups: dict[tuple[str, int], list[Trial]] = {}
    for trial in results.trials:
        groups.setdefault((trial.server, trial.calls), []).append(trial)
    at_limit = {(each.calls, each.round): each.cpu for each in results.trials if each.server == limit and each.keeps_up}
    made = []
    for (server, calls), trials in groups.items():
        able = [each for each in trials if each.keeps_up] or trials
        costs = [each.cpu for each in able]
        ratios = [each.cpu / at_limit[calls, each.round] for each in able if (calls, each.round) in at_limit]
        made.append(Row(server, calls, min(costs), median(costs), median(ratios) if ratios else None, tuple(able)))
    return made


def fits(results: Results, server: str, calls: int, *, most: float) -> bool:
    """Returns whether so many calls take at most this share of a core, by what fewer of them took."""
    known = [each.cpu for each in results.trials if each.server == server]
    return not known or min(known) * calls <= 100 * most


def table(results: Results, *, limit: str) -> list[str]:
    """Returns the lines of a table in Markdown."""
    heads = (
        "server", "calls", "CPU % a call, best / median", "× limit", "calls a core", "set-up / end, CPU ms",
        "kB a call", "to OpenAI p50 / p99 ms", "to caller p50 / p99 ms", "answer p50 / p99 ms",
        "lost, doubled, reordered",
    )  # fmt: skip
    lines = [_line(heads), _line(["---"] * len(heads))]
    return lines + [_line(_cells(row, results.setups)) for row in rows(results, limit=limit)]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row, setups: Iterable[Setup]) -> list[str]:
    own = [each for each in setups if each.server == row.server]
    setup = f"{_median(each.opening_ms for each in own)} / {_median(each.closing_ms for each in own)}"
    return [
        row.server,
        str(row.calls),
        f"{row.best:.3f} / {row.median:.3f}" + (" (overloaded)" if row.is_overloaded else ""),
        UNKNOWN if row.ratio is None else f"{row.ratio:.1f}",
        str(row.calls_a_core),
        setup,
        f"{median(each.rss_kb for each in row.trials):.0f}",
        _spread([each.to_openai for each in row.trials]),
        _spread([each.to_caller for each in row.trials]),
        _spread([each.waits for each in row.trials]),
        _faults(row.trials),
    ]


def _median(values: Iterable[float]) -> str:
    known = list(values)
    return f"{median(known):.1f}" if known else UNKNOWN


def _spread(spreads: Iterable[Spread | None]) -> str:
    known = [each for each in spreads if each is not None]
    if not known:
        return UNKNOWN
    return str(Spread(median(each.p50 for each in known), median(each.p99 for each in known)))


def _faults(trials: Iterable[Trial]) -> str:
    known = [each.faults for each in trials if each.faults is not None]
    if not known:
        return UNKNOWN
    total = sum(known, Faults())
    broken = sum(each.broken for each in trials)
    said = f"{total.lost}, {total.doubled}, {total.reordered} of {total.sent}"
    return f"{said}; {broken} calls broke" if broken else said


def noise(results: Results) -> list[str]:
    """Returns sentences about how quiet the machine was: figures mean little where it was not."""
    trials = results.trials
    if not trials:
        return []
    others = sorted(each.others for each in trials)
    late = [each.lateness for each in trials if each.lateness is not None]
    waited = sorted(each.waited for each in trials)
    busiest = max(each.generator for each in trials)
    return [
        f"Others used {others[0]:.2f} to {others[-1]:.2f} cores meanwhile (median {median(others):.2f});"
        f" servers waited for their core {waited[0]:.1%} to {waited[-1]:.1%} of the time.",
        f"The generator was late by {max(each.p50 for each in late):.2f} ms at the median and"
        f" {max(each.p99 for each in late):.1f} ms at 99 %, at worst of all trials,"
        f" and used {busiest:.0%} of its core at most.",
    ]
