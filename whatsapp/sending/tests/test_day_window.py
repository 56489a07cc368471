"""When a broadcast goes on after the 24-hour limit: over who was reached when, the limit, and how many still wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.sending.day_window import DAY, PATIENCE, enough, goes_on_at

pytestmark = pytest.mark.pure

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
leaving_times = st.lists(st.integers(1, 24 * 3600), min_size=1, max_size=60).map(
    lambda seconds: sorted(NOW + timedelta(seconds=each) for each in seconds)
)


def free(leaving: list[datetime], limit: int, moment: datetime) -> int:
    """Returns how many places are free at a moment."""
    return limit - sum(each > moment for each in leaving)


@given(leaving_times, st.integers(1, 70), st.integers(1, 10))
def test_it_goes_on_as_soon_as_enough_places_are_free_or_one_has_been_for_an_hour(
    leaving: list[datetime], limit: int, wanted: int
) -> None:
    at = goes_on_at(leaving, limit, wanted, NOW)
    places = min(wanted, limit)
    waited = free(leaving, limit, at - PATIENCE) >= 1
    assert free(leaving, limit, at) >= 1, "it never goes on in vain"
    assert free(leaving, limit, at) >= places or waited or at == NOW
    if at > NOW:
        assert free(leaving, limit, at - MOMENT) < places, "not later than it must"
        assert free(leaving, limit, at - PATIENCE - MOMENT) < 1


@given(leaving_times, st.integers(1, 60), st.integers(0, 10_000))
def test_in_a_day_it_pauses_once_an_hour_at_most(leaving: list[datetime], limit: int, people: int) -> None:
    """Everybody who leaves makes room for one of those who wait, who then count for a day."""
    now, pauses, counted = NOW, 0, list(leaving)
    while now < NOW + DAY and people > 0:
        counted = sorted(each for each in counted if each > now)
        room = min(people, limit - len(counted))
        if room > 0:
            counted += [now + DAY] * room
            people -= room
            continue
        pauses += 1
        now = goes_on_at(counted, limit, enough(limit, people), now)
    assert pauses <= 26


def test_a_tenth_of_the_limit_is_enough_and_no_more_than_who_waits() -> None:
    assert [enough(limit, 50) for limit in (1, 9, 10, 250, 1_000)] == [1, 1, 1, 25, 50]
    assert enough(1_000, 0) == 1


def test_with_a_limit_of_nothing_it_is_asked_again_in_a_day() -> None:
    assert goes_on_at([NOW + MOMENT], 0, 1, NOW) == NOW + DAY
