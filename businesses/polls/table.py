"""The questions of every app, and which tasks have something to do at a moment."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import cache
from importlib import import_module

from django.db import connection

from businesses.polls.moment import Question, Rows
from businesses.tenancy import across_businesses

logger = logging.getLogger(__name__)


class Pace(IntEnum):
    """How often a question is asked: the seconds between two times."""

    OFTEN = 3
    CALMLY = 20
    SELDOM = 60


@dataclass(frozen=True, slots=True)
class Poll:
    """A task that has something to do, if `when` says that it may, while one of `rows` finds a row of any business."""

    task: str
    pace: Pace
    rows: tuple[Rows, ...]
    when: Callable[[], bool]


_modules: list[str] = []
_polls: list[Poll] = []


def look_in(*modules: str) -> None:
    """Have the `register` of modules called when somebody asks: only workers do, so no other process loads them."""
    _modules.extend(modules)


def register(task: str, pace: Pace, *rows: Rows, when: Callable[[], bool] = lambda: True) -> None:
    """Have a task sent when there are such rows."""
    _polls.append(Poll(task, pace, rows, when))


def polls() -> Iterator[Poll]:
    """Yields every poll in the order of registration."""
    while _modules:
        import_module(_modules.pop(0)).register()
    yield from _polls


def due(pace: Pace, now: datetime) -> list[str]:
    """Returns the tasks of this pace that have something to do, by one query; all of them if it can't be asked."""
    asked = [poll for poll in polls() if poll.pace == pace and poll.when()]
    try:
        found = _ask(asked, now)
    except Exception:  # one wrong question must not keep the other tasks from being sent
        logger.exception("What is due can't be asked: every task is sent")
        found = [True] * len(asked)
    return list(dict.fromkeys(poll.task for poll, has_rows in zip(asked, found, strict=True) if has_rows))


def _ask(asked: Sequence[Poll], now: datetime) -> list[bool]:
    questions = [[_question(rows, connection.vendor) for rows in poll.rows] for poll in asked]
    every = [question for of_poll in questions for question in of_poll]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(question.sql for question in every)}",
            [value for question in every for value in question.filled(now)],
        )
        answers = dict(zip(map(id, every), cursor.fetchone(), strict=True))
    return [any(answers[id(question)] for question in of_poll) for of_poll in questions]


@cache
def _question(rows: Rows, _vendor: str) -> Question:
    with across_businesses():  # workers serve the whole installation; each row is then handled for its business
        return Question.of(rows)
