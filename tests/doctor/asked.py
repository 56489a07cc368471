"""Asking the doctor about some subjects only, in the process of the test."""

from __future__ import annotations

from dataclasses import replace

from businesses.doctor import table
from businesses.doctor.table import Check, Source
from businesses.doctor.verdicts import State, Verdict
from frontdesk.doctor import running


def found(*subjects: str, longest_s: float = 20) -> dict[str, Verdict]:
    """Returns the verdicts by name, as if everything that they need were well. Patient: the machine may be busy."""
    chosen = [_alone(source) for source in table.sources() if source.subject in subjects]
    return {line.name: line.verdict for line in running.run(chosen, longest_s=longest_s)}


def _alone(source: Source) -> Source:
    def checks() -> list[Check]:
        return [replace(each, needs=()) for each in source.checks()]

    return replace(source, checks=checks, needs=())


def states(verdicts: dict[str, Verdict]) -> dict[str, State]:
    return {name: verdict.state for name, verdict in verdicts.items()}
