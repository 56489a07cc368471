"""Runs the checks, each for a few seconds at most: one that hangs or crashes is a line like any other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from django.db import connections

from businesses.doctor.table import LONGEST_S, Source
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


def run(sources: Iterable[Source], *, only: str = "", longest_s: float = LONGEST_S) -> Iterator[Line]:
    """Yields a line for each check, as soon as it is known.

    `only`: the full name of a check, or a subject. The subjects that it needs are tried too, and what is wrong there is
    a line as well.
    """
    tried = _needed(list(sources), only)
    well = _Well({source.subject for source in tried})
    for source in tried:
        for line in _of(source, well, only, longest_s):
            if line.verdict.state is State.OK:
                well.known.add(line.full_name)
            if not only or source.subject == _subject(only) or line.verdict.state is State.WRONG:
                yield line


@dataclass(slots=True)
class _Well:
    """The full names of checks that are well. `subjects`: those that are tried at all."""

    subjects: set[str]
    known: set[str] = field(default_factory=set)

    def lacks(self, needs: Iterable[str]) -> Verdict | None:
        """Returns what stands in the way of a check with these needs."""
        lacking = [each for each in needs if _subject(each) in self.subjects and each not in self.known]
        return not_tried(f"First “{lacking[0]}” has to be well.") if lacking else None


def _needed(sources: list[Source], only: str) -> list[Source]:
    if not only:
        return sources
    subjects = {_subject(only)}
    for source in reversed(sources):  # what is needed stands before it
        if source.subject in subjects:
            subjects |= {_subject(need) for need in source.needs}
    return [source for source in sources if source.subject in subjects]


def _subject(full_name: str) -> str:
    return full_name.partition(": ")[0]


def _of(source: Source, well: _Well, only: str, longest_s: float) -> Iterator[Line]:
    if missing := well.lacks(source.needs):
        yield Line(source.subject, "all", missing)
        return
    checks = _within(lambda: list(source.checks()), longest_s)
    if isinstance(checks, Verdict):
        yield Line(source.subject, "all", checks)
        return
    for check in checks:
        if _subject(only) != source.subject or only in {source.subject, f"{source.subject}: {check.name}"}:
            missing = well.lacks(check.needs)
            yield Line(source.subject, check.name, missing if missing else _within(check.ask, longest_s))


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
