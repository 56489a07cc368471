"""When a business is open: by its week, its exceptions and holidays, in its zone, whatever its clock does."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesses.hours import written
from businesses.hours.calendar import MOST_DAYS, Hours, Special, Standing
from businesses.hours.written import Fault, UnclearHours

pytestmark = [pytest.mark.pure, pytest.mark.once]

JERUSALEM = ZoneInfo("Asia/Jerusalem")
NINE_TO_FIVE = ((time(9), time(17)),)
OFFICE = (*[NINE_TO_FIVE] * 4, ((time(9), time(13)),), (), NINE_TO_FIVE)
"""Sunday to Thursday until five, Friday until one, as in Israel."""
ZONES = ("Asia/Jerusalem", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kolkata")
DAYS = st.dates(date(2025, 1, 1), date(2028, 12, 31))
CHANGES = st.sampled_from(
    [date(2026, 3, 27), date(2026, 10, 25), date(2026, 3, 29), date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 24),
     date(2026, 10, 29), date(2026, 10, 30), date(2026, 4, 5), date(2026, 10, 4)]
)  # fmt: skip
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
PAIRS = st.tuples(TIMES, TIMES).filter(lambda pair: pair[0] != pair[1] or pair[0] == time(0))
ONE_DAY = st.lists(PAIRS, max_size=3).map(tuple)
WEEKS = st.lists(ONE_DAY, min_size=7, max_size=7).map(tuple)
SPECIALS = st.lists(
    st.builds(
        lambda first, days, hours, rank: Special(first, first + timedelta(days=days), hours, rank=rank),
        DAYS | CHANGES, st.integers(0, 3), ONE_DAY, st.integers(0, 1),
    ),
    max_size=3,
).map(tuple)  # fmt: skip
HOURS = st.builds(Hours, st.sampled_from(ZONES).map(ZoneInfo), WEEKS, SPECIALS)
MINUTES = st.integers(0, 24 * 60 - 1)


def at(text: str, zone: ZoneInfo = JERUSALEM) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def of_the_office(*specials: Special) -> Hours:
    return Hours(JERUSALEM, OFFICE, specials)


def test_open_now_until_and_then_again() -> None:
    standing = of_the_office().standing(at("2026-11-30 11:05"))
    assert standing == Standing(True, at("2026-11-30 17:00"), at("2026-12-01 09:00"))


def test_closed_over_the_weekend() -> None:
    friday_evening = of_the_office().standing(at("2026-12-04 18:00"))
    assert friday_evening == Standing(False, None, at("2026-12-06 09:00"))


def test_a_break_at_noon() -> None:
    hours = Hours(JERUSALEM, (((time(16), time(19)), (time(8), time(13))),) * 7)
    assert hours.standing(at("2026-11-30 14:00")) == Standing(False, None, at("2026-11-30 16:00"))
    assert [start.hour for start, _end in hours.intervals(date(2026, 11, 30))] == [8, 16]


def test_across_midnight() -> None:
    bar = Hours(JERUSALEM, ((), (), (), (), ((time(20), time(2)),), (), ()))
    assert bar.standing(at("2026-12-05 01:30")) == Standing(True, at("2026-12-05 02:00"), at("2026-12-11 20:00"))
    assert bar.intervals(date(2026, 12, 5)) == [], "the night belongs to the Friday"
    closed_saturday = Hours(bar.zone, bar.week, (Special(date(2026, 12, 5), date(2026, 12, 5)),))
    assert closed_saturday.standing(at("2026-12-05 01:30")).is_open, "a closed day does not shorten the night before it"


def test_round_the_clock() -> None:
    always = Hours(JERUSALEM, (((time(0), time(0)),),) * 7)
    assert always.standing(at("2026-11-30 11:05")) == Standing(True, None, None)
    closed = Special(date(2026, 12, 3), date(2026, 12, 3))
    but_thursday = Hours(JERUSALEM, always.week, (closed,)).standing(at("2026-11-30 11:05"))
    assert but_thursday == Standing(True, at("2026-12-03 00:00"), at("2026-12-04 00:00"))


def test_an_exception_goes_before_a_holiday_and_both_before_the_week() -> None:
    day = date(2026, 12, 1)
    holiday = Special(day, day + timedelta(days=1), rank=1)
    short = Special(day, day, ((time(10), time(12)),), rank=0)
    hours = of_the_office(holiday, short)
    assert hours.intervals(day) == [(at("2026-12-01 10:00"), at("2026-12-01 12:00"))]
    assert hours.intervals(day + timedelta(days=1)) == []
    assert of_the_office(holiday).standing(at("2026-11-30 18:00")).next_opening == at("2026-12-03 09:00")


def test_nothing_to_come() -> None:
    for_good = Special(date(2026, 1, 1), date(2099, 1, 1))
    assert of_the_office(for_good).standing(at("2026-11-30 11:00")) == Standing(False, None, None)


def test_a_skipped_time_is_the_moment_of_the_change() -> None:
    """In Jerusalem 02:00 becomes 03:00 on 2026-03-27."""
    hours = Hours(JERUSALEM, (((time(2, 30), time(5)),),) * 7)
    ((start, end),) = hours.intervals(date(2026, 3, 27))
    assert start.astimezone(UTC) == datetime(2026, 3, 27, 0, 0, tzinfo=UTC)
    assert end.astimezone(UTC) == datetime(2026, 3, 27, 2, 0, tzinfo=UTC)
    within = Hours(JERUSALEM, (((time(2, 10), time(2, 50)),),) * 7)
    assert within.intervals(date(2026, 3, 27)) == [], "nothing of it is on the clock"


def test_a_time_that_comes_twice_opens_at_its_first_and_closes_at_its_last() -> None:
    """In Jerusalem 02:00 becomes 01:00 on 2026-10-25."""
    hours = Hours(JERUSALEM, (((time(1, 30), time(1, 45)),),) * 7)
    ((start, end),) = hours.intervals(date(2026, 10, 25))
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(minutes=75)


@given(hours=HOURS, day=DAYS | CHANGES, minute=MINUTES)
def test_every_moment_whose_wall_clock_is_in_the_hours_is_open(hours: Hours, day: date, minute: int) -> None:
    now = datetime.combine(day, time(0), UTC) + timedelta(minutes=minute)
    wall = now.astimezone(hours.zone)
    today, yesterday = wall.date(), wall.date() - timedelta(days=1)
    clock = wall.time().replace(fold=0)
    by_the_wall = any(
        start <= clock < end if start < end else start <= clock for start, end in hours.wall_intervals(today)
    ) or any(end <= start and clock < end for start, end in hours.wall_intervals(yesterday))
    changes = len({(now + timedelta(hours=h)).astimezone(hours.zone).utcoffset() for h in (-27, 0, 27)}) > 1
    standing = hours.standing(now)
    assert standing.is_open or not by_the_wall
    assert standing.is_open == by_the_wall or changes


@given(hours=HOURS, day=DAYS | CHANGES, minute=MINUTES)
def test_a_standing_holds_until_it_says(hours: Hours, day: date, minute: int) -> None:
    now = datetime.combine(day, time(0), UTC) + timedelta(minutes=minute)
    standing = hours.standing(now)
    if standing.until:
        before, after = (hours.standing(standing.until.astimezone(UTC) + timedelta(seconds=s)) for s in (-1, 0))
        assert before.is_open
        assert not after.is_open
    if standing.next_opening:
        assert hours.standing(standing.next_opening).is_open
        if not standing.is_open:
            just_before = hours.standing(standing.next_opening.astimezone(UTC) - timedelta(seconds=1))
            assert not just_before.is_open
            assert just_before.next_opening == standing.next_opening


@given(hours=HOURS, day=DAYS | CHANGES)
def test_the_hours_of_a_day_are_sorted_and_apart(hours: Hours, day: date) -> None:
    found = [(start.astimezone(UTC), end.astimezone(UTC)) for start, end in hours.intervals(day)]
    assert all(start < end for start, end in found)
    assert all(end < start for (_start, end), (start, _end) in pairwise(found))
    assert all(start.astimezone(hours.zone).date() == day for start, _end in found)


def test_looking_far_ahead_is_bounded() -> None:
    assert MOST_DAYS < 500, "a call that begins waits for it"


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("", []),
        ("closed", []),
        ("סגור", []),
        ("8-13", [["08:00", "13:00"]]),
        ("16:00–19:30, 8:00-13:00", [["08:00", "13:00"], ["16:00", "19:30"]]),
        ("8-13 16-19", [["08:00", "13:00"], ["16:00", "19:00"]]),
        ("20-2", [["20:00", "02:00"]]),
        ("0-24", [["00:00", "00:00"]]),
        ("8 עד 13", [["08:00", "13:00"]]),
        ("9.30 to 12", [["09:30", "12:00"]]),
    ],
)
def test_hours_as_people_write_them(line: str, pairs: list[list[str]]) -> None:
    assert written.read(line) == pairs
    assert written.read(written.write(pairs)) == pairs


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("morning", Fault.UNREADABLE),
        ("8", Fault.UNREADABLE),
        ("8-25", Fault.NO_SUCH_TIME),
        ("8:70-9", Fault.NO_SUCH_TIME),
        ("8-8", Fault.EMPTY),
        ("8-13, 12-15", Fault.OVERLAP),
        ("20-2, 22-23", Fault.OVERLAP),
        ("1-2,3-4,5-6,7-8,9-10,11-12,13-14", Fault.TOO_MANY),
    ],
)
def test_what_cannot_be_meant_is_refused(line: str, fault: Fault) -> None:
    with pytest.raises(UnclearHours) as refused:
        written.read(line)
    assert refused.value.fault is fault


def test_a_night_that_runs_into_the_next_morning() -> None:
    assert written.night_into([["20:00", "02:00"]], [["01:00", "05:00"]])
    assert not written.night_into([["20:00", "02:00"]], [["02:00", "05:00"]])
    assert not written.night_into([["08:00", "13:00"]], [["01:00", "05:00"]])
