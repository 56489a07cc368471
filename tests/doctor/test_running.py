"""A check that hangs, crashes or lacks what it needs is a line of the report, and no line tells a secret."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from businesses.doctor.table import Check, Source
from businesses.doctor.verdicts import State, Verdict, ok, wrong
from frontdesk.doctor import report, running

pytestmark = pytest.mark.once


def lines(*checks: Check) -> dict[str, Verdict]:
    source = Source("world", lambda: list(checks))
    return {line.name: line.verdict for line in running.run([source], longest_s=0.2)}


def crashing() -> Verdict:
    raise ValueError("sk-a-secret-key and +972501234567")


def test_one_that_crashes_is_wrong_without_its_words() -> None:
    found = lines(Check("first", crashing), Check("second", lambda: ok("fine")))
    assert found["first"].state is State.WRONG
    assert "ValueError" in found["first"].says
    assert "secret" not in found["first"].says
    assert found["second"].state is State.OK


def test_one_that_hangs_is_given_up() -> None:
    never = threading.Event()
    found = lines(Check("first", lambda: ok(str(never.wait(60)))), Check("second", lambda: ok("fine")))
    never.set()
    assert found["first"].state is State.WRONG
    assert "no end to it within 0.2 s" in found["first"].says
    assert found["second"].state is State.OK


def test_what_needs_something_wrong_is_not_tried() -> None:
    found = lines(
        Check("first", lambda: wrong("gone", "bring it back")),
        Check("second", crashing, ("world: first",)),
        Check("third", lambda: ok("fine")),
        Check("fourth", lambda: ok("fine"), ("world: third",)),
    )
    assert [each.state for each in found.values()] == [State.WRONG, State.NOT_TRIED, State.OK, State.OK]
    sources = [Source("other", list), Source("world", lambda: [Check("first", crashing)], ("other: first",))]
    (line,) = running.run(sources)
    assert (line.full_name, line.verdict.state) == ("world: all", State.NOT_TRIED)


def test_checks_that_can_not_even_be_listed_are_wrong() -> None:
    def listing() -> list[Check]:
        raise KeyError("world")

    (line,) = running.run([Source("world", listing)])
    assert (line.full_name, line.verdict.state) == ("world: all", State.WRONG)


@pytest.mark.parametrize(
    "told",
    ["a-telling-token", "+972501234567", "972501234567", "redis-password", "100200300400500"],
)
def test_no_secret_and_no_number_is_told(settings: Any, told: str) -> None:
    settings.TWILIO_AUTH_TOKEN = "a-telling-token"
    settings.REDIS_URL = "redis://:redis-password@10.0.0.1:6379/0"
    line = running.Line("world", "first", wrong(f"It said “{told}”.", f"Look at {told}."))
    assert told not in report.shown(line)
    assert told not in str(report.as_json([line]))
    assert "It said “" in report.shown(line)


def test_foreign_text_stays_on_its_line() -> None:
    line = running.Line("world", "first", ok("one\nok         two: all well"))
    assert "\n" not in report.shown(line)


def test_one_check_alone_is_tried_after_what_its_subject_needs() -> None:
    asked: list[str] = []

    def told(name: str, verdict: Verdict) -> Check:
        def ask() -> Verdict:
            asked.append(name)
            return verdict

        return Check(name, ask)

    fine, gone = ok("fine"), wrong("gone", "bring it back")
    stores = Source("stores", lambda: [told("answers", fine), told("writes", gone)])
    sources = [
        Source("mail", lambda: [told("server", fine)]),
        stores,
        Source("parts", lambda: [told("worker", fine), told("beat", gone)], ("stores: answers",)),
    ]
    found = [line.full_name for line in running.run(sources, only="parts: worker")]
    assert found == ["stores: writes", "parts: worker"], "and what is wrong with what it needs"
    assert asked == ["answers", "writes", "worker"]
    assert [line.full_name for line in running.run(sources, only="parts")][1:] == ["parts: worker", "parts: beat"]
    assert list(running.run(sources, only="nobody")) == []
