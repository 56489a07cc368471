"""What a soak calls grown, from figures that are known."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from bench.soak.verdict import SPARE, Sample, grown, slope, table

pytestmark = pytest.mark.pure


def samples(value: Callable[[float], float], name: str, *, minutes: int = 30) -> list[Sample]:
    """A rest, a sample each minute under load, and a rest."""
    times = [minute * 60.0 for minute in range(minutes + 1)]
    return [Sample(at, at in (times[0], times[-1]), {("web", name): value(at)}) for at in times]


def wobbling(at: float) -> float:
    return 3 * math.sin(at)


def test_the_slope_of_a_line_is_exact() -> None:
    found = slope([(0.0, 1.0), (1800.0, 2.0), (3600.0, 3.0)])
    assert (round(found.per_hour, 6), round(found.error, 6)) == (2.0, 0.0)


def test_two_samples_tell_nothing() -> None:
    assert slope([(0.0, 1.0), (60.0, 100.0)]).error == math.inf


@pytest.mark.parametrize(("per_hour", "is_found"), [(0.0, False), (4.0, False), (8.0, True), (100.0, True)])
def test_memory_may_grow_by_a_fiftieth_an_hour(per_hour: float, is_found: bool) -> None:
    found = grown(samples(lambda at: 200 + per_hour * at / 3600, "pss_mb"))
    assert bool(found) is is_found
    assert not is_found or found == [f"web: pss_mb grows by {per_hour:.1f} an hour (surely {per_hour:.1f})"]


def test_memory_that_goes_up_and_down_is_no_leak_and_one_that_grows_meanwhile_is() -> None:
    assert grown(samples(lambda at: 200 + wobbling(at), "uss_mb")) == []
    assert grown(samples(lambda at: 200 + wobbling(at) + at / 60, "uss_mb")) != []


def test_a_short_run_says_nothing_of_a_heap_that_settles() -> None:
    assert grown(samples(lambda at: 200 + 20 * at / 3600, "pss_mb", minutes=5)) == []
    assert grown(samples(lambda at: 200 + 200 * at / 3600, "pss_mb", minutes=5)) != []


@pytest.mark.parametrize("name", SPARE)
def test_what_is_held_at_rest_is_given_back(name: str) -> None:
    assert grown(samples(lambda at: 10 if at in (0, 1800) else 500, name)) == []
    assert grown(samples(lambda at: 10 if at == 0 else 500, name)) == [f"web: {name} at rest were 10 and are 500"]


def test_a_process_that_was_there_for_a_moment_is_left_out() -> None:
    first, *others = samples(lambda at: 10, "sockets")
    passing = Sample(first.at_s, first.is_rest, {**first.figures, ("web-1", "sockets"): 1.0})
    assert grown([passing, *others]) == []
    assert len(table([passing, *others])) == 3


def test_the_table_has_a_line_for_each_figure() -> None:
    lines = table(samples(lambda at: 10 + at / 360, "tasks"))
    assert lines[2:] == ["| web | tasks | 10.0 | 14.8 | 15.0 | +10.0 ± 0.0 |"]
