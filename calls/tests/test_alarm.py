"""The timer of a running call rings when something is due, and is rarely set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from calls.line.alarm import Alarm


class Loop:
    """Timers that are fired by hand. `set_at`: when those fire that were ever set."""

    def __init__(self) -> None:
        self.set_at: list[float] = []
        self._timers: dict[int, tuple[float, Callable[[], None]]] = {}

    def call_at(self, when: float, fire: Callable[[], None]) -> Timer:
        number = len(self.set_at)
        self.set_at.append(when)
        self._timers[number] = when, fire
        return Timer(lambda: self._timers.pop(number, None))

    def pass_to(self, now: float) -> None:
        """Fire what is due."""
        while due := sorted((when, number) for number, (when, _) in self._timers.items() if when <= now):
            self._timers.pop(due[0][1])[1]()

    @property
    def waits(self) -> bool:
        return bool(self._timers)


class Timer:
    def __init__(self, cancel: Callable[[], Any]) -> None:
        self.cancel = cancel


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    found = Loop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: found)
    return found


@pytest.fixture
def rung() -> list[str]:
    return []


@pytest.fixture
def alarm(loop: Loop, rung: list[str]) -> Alarm:
    return Alarm(100.0, lambda: rung.append("rung"))


def test_it_rings_once_at_the_moment_that_it_was_set_to(loop: Loop, alarm: Alarm, rung: list[str]) -> None:
    alarm.set(2.0)
    loop.pass_to(101.9)
    assert rung == []
    loop.pass_to(102.0)
    loop.pass_to(200.0)
    assert (rung, loop.set_at) == (["rung"], [102.0])


def test_a_moment_that_moves_away_fifty_times_takes_no_timer_more(loop: Loop, alarm: Alarm, rung: list[str]) -> None:
    for number in range(50):
        alarm.set(2.0 + number / 50)
    assert loop.set_at == [102.0]
    loop.pass_to(102.97)
    assert rung == []
    loop.pass_to(102.98)
    assert (rung, loop.set_at) == (["rung"], [102.0, 102.98])


def test_it_rings_sooner_where_something_is_due_sooner(loop: Loop, alarm: Alarm, rung: list[str]) -> None:
    alarm.set(2.0)
    alarm.set(1.0)
    loop.pass_to(101.0)
    assert rung == ["rung"]
    loop.pass_to(102.0)
    assert rung == ["rung"], "the later one was cancelled"


def test_what_is_due_no_more_leaves_no_timer_that_would_keep_a_call_that_is_over(
    loop: Loop, alarm: Alarm, rung: list[str]
) -> None:
    alarm.set(2.0)
    alarm.set(None)
    assert not loop.waits
    loop.pass_to(103.0)
    assert rung == []


def test_after_it_has_rung_the_same_moment_rings_again(loop: Loop, alarm: Alarm, rung: list[str]) -> None:
    alarm.set(2.0)
    loop.pass_to(102.0)
    alarm.set(2.0)
    loop.pass_to(102.0)
    assert rung == ["rung", "rung"]
