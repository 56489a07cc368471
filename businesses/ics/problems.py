"""Why a file of busy times could not be used, besides what `safe_http.Problem` says."""

from __future__ import annotations

from enum import StrEnum


class FileProblem(StrEnum):
    """The codes are stored, so they don't change."""

    STATUS = "status"
    """The server answered with something else than the file; the status is stored beside."""
    NOT_A_CALENDAR = "not_a_calendar"
    TOO_MUCH_WORK = "too_much_work"
    """Reading it took too long or too much memory: repetitions without an end, or made to stop us."""
    TOO_MANY = "too_many"
    UNDECRYPTED = "undecrypted"
    """None of the installation's keys opens the stored address."""


class UnusableFile(Exception):
    """The file can't be used, and `problem` says why."""

    def __init__(self, problem: FileProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem
