"""When an appointment can start, against a slow reckoning that looks at every minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesses.calendar.slots import Shape, Span, free_starts, is_free, joined
from businesses.hours.calendar import Hours

pytestmark = [pytest.mark.pure, pytest.mark.once]

MIDNIGHT = datetime(2026, 3, 26, tzinfo=UTC)
"""The day before clocks change in Jerusalem."""


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    pairs = draw(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 240)), max_size=5))
    return [Span(MIDNIGHT + minutes(start), MIDNIGHT + minutes(start + length)) for start, length in pairs]


shapes = st.builds(
    Shape,
    length=st.integers(1, 90).map(minutes),
    before=st.integers(0, 30).map(minutes),
    after=st.integers(0, 30).map(minutes),
    step=st.integers(1, 45).map(minutes),
)


@given(spans(), spans(), shapes, st.integers(0, 700), st.integers(0, 700))
def test_every_start_is_found_and_no_other(
    opened: list[Span], taken: list[Span], shape: Shape, first: int, last: int
) -> None:
    """An opening here is apart from the others, so that a start belongs to one of them."""
    openings = joined(opened)
    earliest, latest = MIDNIGHT + minutes(first), MIDNIGHT + minutes(last)
    expected = [
        start
        for opening in openings
        for start in (opening.start + minutes(each) for each in range(1_000))
        if (start - opening.start) % shape.step == timedelta(0)
        and start < opening.end
        and start + shape.length <= opening.end
        and earliest <= start <= latest
        and all(
            span.end <= start - shape.before or span.start >= start + shape.length + shape.after
            for span in taken
            if span.start < span.end
        )
    ]
    assert list(free_starts(openings, taken, shape, earliest=earliest, latest=latest)) == expected


@given(spans(), spans(), shapes)
def test_whoever_takes_one_start_after_the_other_never_overlaps(
    opened: list[Span], taken: list[Span], shape: Shape
) -> None:
    held = [span for span in taken if span.start < span.end]
    begun = len(held)
    for _each in range(30):
        start = next(free_starts(opened, held, shape, earliest=MIDNIGHT, latest=MIDNIGHT + minutes(900)), None)
        if start is None:
            break
        assert is_free(shape.held(start), held)
        held.append(shape.held(start))
    own = sorted(held[begun:])
    assert all(before.end <= after.start for before, after in pairwise(own))


@given(spans(), spans(), shapes)
def test_starts_are_in_order_and_come_once(opened: list[Span], taken: list[Span], shape: Shape) -> None:
    """Also where openings overlap or touch, as those of two days that never close."""
    found = list(free_starts(opened, taken, shape, earliest=MIDNIGHT, latest=MIDNIGHT + minutes(900)))
    assert found == sorted(set(found))


def test_an_appointment_may_last_beyond_an_opening_that_touches_the_next() -> None:
    noon = MIDNIGHT + timedelta(hours=12)
    opened = [Span(noon - minutes(30), noon), Span(noon, noon + minutes(60))]
    shape = Shape(minutes(45), minutes(0), minutes(0), minutes(15))
    found = list(free_starts(opened, [], shape, earliest=MIDNIGHT, latest=noon + minutes(90)))
    assert found == [noon - minutes(30), noon - minutes(15), noon, noon + minutes(15)]


ZONES = ("Asia/Jerusalem", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")


@given(st.sampled_from(ZONES), st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 22))
def test_starts_show_on_the_clock_as_written_also_where_clocks_change(zone: str, day: date, hour: int) -> None:
    """A day from `hour` to midnight: its first start is at that hour, and its last ends at midnight, local time."""
    place = ZoneInfo(zone)
    hours = Hours(place, week=(((time(hour), time(0)),),) * 7)
    opened = [Span(*interval) for interval in hours.intervals(day)]
    shape = Shape(minutes(30), minutes(0), minutes(0), minutes(30))
    far = timedelta(days=2)
    found = list(free_starts(opened, [], shape, earliest=opened[0].start - far, latest=opened[0].end + far))
    real = opened[0].end.astimezone(UTC) - opened[0].start.astimezone(UTC)
    assert len(found) == real // minutes(30)
    first = found[0].astimezone(place)
    assert first.date() == day
    assert first.hour == hour or not _exists(day, hour, place)
    assert (found[-1] + minutes(30)).astimezone(place).time() == time(0)


def _exists(day: date, hour: int, zone: ZoneInfo) -> bool:
    wall = datetime.combine(day, time(hour), zone)
    return wall.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None)
