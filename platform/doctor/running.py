"""Runs the checks, each for a few seconds at most: one that hangs or crashes is a line like any other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from django.db import connections

from businesses.doctor.table import LONGEST_S, Check, Source
from businesses.doctor.verdicts import State, Verdict, not_tried, wrong

Result = TypeVar("Result")
_REPORT: Final = "Run it again. If it stays so, tell the makers of Frontdesk this line."


@dataclass(frozen=True, slots=True)
class Line:
    """What one check has found."""

    subject: str
    name: str
    verdict: Verdict

    @property
    def full_name(self) -> str:
        """The name by which others need it."""
        return f"{self.subject}: {self.name}"


def run(sources: Iterable[Source], *, longest_s: float = LONGEST_S) -> Iterator[Line]:
    """Yields a line for each check, as soon as it is known."""
    well: set[str] = set()
    for source in sources:
        for line in _of(source, well, longest_s):
            if line.verdict.state is State.OK:
                well.add(line.full_name)
            yield line


def _of(source: Source, well: set[str], longest_s: float) -> Iterator[Line]:
    if missing := _missing(source.needs, well):
        yield Line(source.subject, "all", missing)
        return
    checks = _within(lambda: list(source.checks()), longest_s)
    if isinstance(checks, Verdict):
        yield Line(source.subject, "all", checks)
        return
    for check in checks:
        yield Line(source.subject, check.name, _found(check, well, longest_s))


def _found(check: Check, well: set[str], longest_s: float) -> Verdict:
    if missing := _missing(check.needs, well):
        return missing
    return _within(check.ask, longest_s)


def _missing(needs: Iterable[str], well: set[str]) -> Verdict | None:
    lacking = [each for each in needs if each not in well]
    return not_tried(f"First “{lacking[0]}” has to be well.") if lacking else None


@dataclass(slots=True)
class _Outcome(Generic[Result]):
    result: Result | None = None
    error: Exception | None = None


def _within(ask: Callable[[], Result], longest_s: float) -> Result | Verdict:
    """Returns the result, or that there was none in time, or that there never will be.

    It runs in a thread of its own, which is left behind if it hangs: a name that is looked up has no time-out.
    """
    outcome: _Outcome[Result] = _Outcome()

    def work() -> None:
        try:
            outcome.result = ask()
        except Exception as error:  # whatever it is becomes a line of the report
            outcome.error = error
        finally:
            connections.close_all()  # of this thread

    thread = threading.Thread(target=work, name="doctor", daemon=True)
    thread.start()
    thread.join(longest_s)
    if outcome.error is not None:
        return wrong(f"The check itself failed: {type(outcome.error).__name__}.", _REPORT)
    if outcome.result is None:
        return wrong(
            f"There was no end to it within {longest_s:g} s.", "See whether what it asks is reached from this machine."
        )
    return outcome.result
