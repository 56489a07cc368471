"""Computes figures from outcomes: delay until a voice was noticed, missed voices, and false alarms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from bench.ears.corpus import Case
from bench.ears.trial import Outcome

NOTICED_WITHIN_S = 1.5
"""A voice without a reaction for this long was missed (a single word is over by then)."""


@dataclass(slots=True)
class Heard:
    """A group of callers who spoke. Delays are in milliseconds from the true onset."""

    group: str
    count: int = 0
    pauses_ms: list[float] = field(default_factory=list)
    commits_ms: list[float] = field(default_factory=list)
    early: int = 0

    def add(self, case: Case, outcome: Outcome) -> None:
        """Count one caller."""
        assert case.onset_s is not None
        self.count += 1
        self.early += any(at < case.onset_s for at in outcome.pauses)
        self.pauses_ms += _first_after(case.onset_s, outcome.pauses)
        self.commits_ms += _first_after(case.onset_s, outcome.commits)

    def row(self) -> str:
        """Returns a row of a Markdown table."""
        return (
            f"| {self.group} | {self.count} | {_spread(self.pauses_ms)} | {_spread(self.commits_ms)} "
            f"| {self.count - len(self.pauses_ms)} | {self.count - len(self.commits_ms)} | {self.early} |"
        )


@dataclass(slots=True)
class Unheard:
    """A group of lines on which nobody spoke to the assistant."""

    group: str
    minutes: float = 0.0
    pauses: int = 0
    commits: int = 0
    resumes: int = 0

    def add(self, case: Case, outcome: Outcome) -> None:
        """Count one line."""
        self.minutes += case.minutes - case.after_s / 60
        self.pauses += sum(at >= case.after_s for at in outcome.pauses)
        self.commits += sum(at >= case.after_s for at in outcome.commits)
        self.resumes += sum(at >= case.after_s for at in outcome.resumes)

    def row(self) -> str:
        """Returns a row of a Markdown table, with figures per minute."""
        false, ended = self.pauses / self.minutes, self.commits / self.minutes
        return f"| {self.group} | {self.minutes:.1f} | {false:.2f} | {ended:.2f} | {self.resumes} of {self.pauses} |"


@dataclass(slots=True)
class Figures:
    """All figures of one detector."""

    name: str
    heard: dict[str, Heard] = field(default_factory=dict)
    unheard: dict[str, Unheard] = field(default_factory=dict)

    def add(self, case: Case, outcome: Outcome) -> None:
        """Count one case."""
        if case.onset_s is None:
            self.unheard.setdefault(case.group, Unheard(case.group)).add(case, outcome)
        else:
            self.heard.setdefault(case.group, Heard(case.group)).add(case, outcome)

    def table(self) -> str:
        """Returns the figures as Markdown tables."""
        lines = [
            f"\n### {self.name}\n",
            "| who speaks | callers | pause p50/p90 ms | commit p50/p90 ms | not paused | not committed | early |",
            "|---|---|---|---|---|---|---|",
            *(group.row() for group in self.heard.values()),
        ]
        if self.unheard:
            lines += [
                "\n| nobody speaks | minutes | false pauses a minute | false commits a minute | resumed |",
                "|---|---|---|---|---|",
                *(group.row() for group in self.unheard.values()),
            ]
        return "\n".join(lines)

    def trade_off(self, groups: Iterable[str]) -> tuple[float, float]:
        """Returns the median delay of the commit on clear speech, and false commits a minute over these groups."""
        chosen = [self.unheard[group] for group in groups if group in self.unheard]
        minutes = sum(group.minutes for group in chosen)
        delays = self.heard["speech rms 2000"].commits_ms
        return float(np.median(delays)) if delays else float("nan"), sum(group.commits for group in chosen) / minutes


def _first_after(onset_s: float, moments: list[float]) -> list[float]:
    later = [at - onset_s for at in moments if 0 <= at - onset_s <= NOTICED_WITHIN_S]
    return [later[0] * 1000] if later else []


def _spread(milliseconds: list[float]) -> str:
    if not milliseconds:
        return "never"
    return f"{np.percentile(milliseconds, 50):.0f} / {np.percentile(milliseconds, 90):.0f}"
