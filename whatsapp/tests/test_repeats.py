"""When recurring broadcasts occur: in order, once in each period, whatever the clocks of a zone do."""

from __future__ import annotations

import calendar
import json
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.series.repeats import BadRepeat, Period, Repeat, dates, from_kept, is_sound, moment_of, upcoming

pytestmark = pytest.mark.pure

zones = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))
days = st.dates(date(2000, 1, 1), date(2090, 12, 31))
times = st.times().map(lambda each: each.replace(second=0, microsecond=0, tzinfo=None))


@st.composite
def repeats(draw: Any) -> Repeat:
    period, first = draw(st.sampled_from(Period)), draw(days)
    return Repeat(
        period=period,
        at=draw(times),
        zone=draw(zones),
        first=first,
        last=draw(st.one_of(st.none(), st.integers(0, 2_000).map(lambda more: first + timedelta(days=more)))),
        times=draw(st.one_of(st.none(), st.integers(1, 1_000))),
        weekdays=tuple(draw(st.sets(st.integers(0, 6), min_size=1))) if period == Period.WEEKLY else (),
        month_day=draw(st.integers(1, 31)) if period == Period.MONTHLY else 0,
    )


@given(repeats())
def test_what_is_kept_is_read_back(repeat: Repeat) -> None:
    assert is_sound(repeat)
    assert from_kept(json.loads(json.dumps(repeat.kept()))) == repeat


@given(repeats(), st.integers(-50, 3_000))
def test_moments_come_in_order_and_lie_within_the_span(repeat: Repeat, later: int) -> None:
    start = datetime.combine(repeat.first, time.min, tzinfo=UTC) + timedelta(days=later)
    found = upcoming(repeat, most=8, from_moment=start)
    assert all(one.at < other.at and one.on < other.on for one, other in pairwise(found))
    assert all(each.at >= start and repeat.first <= each.on <= (repeat.last or date.max) for each in found)
    if found:
        assert upcoming(repeat, most=7, behind=found[0].on) == found[1:]
        assert upcoming(repeat, most=8, from_moment=found[0].at) == found


@given(repeats())
def test_each_period_has_exactly_its_occurrences(repeat: Repeat) -> None:
    found = list(islice(dates(repeat, repeat.first), 40))
    last = found[-1] if len(found) == 40 else repeat.last or date(2100, 1, 1)
    every = [repeat.first + timedelta(days=n) for n in range((last - repeat.first).days + 1)]
    match repeat.period:
        case Period.DAILY:
            due = every
        case Period.WEEKLY:
            due = [each for each in every if each.weekday() in repeat.weekdays]
        case Period.MONTHLY:
            due = [
                each
                for each in every
                if each.day == min(repeat.month_day, calendar.monthrange(each.year, each.month)[1])
            ]
    skipped = set(due) - set(found)
    assert found == [each for each in due if each not in skipped]
    for each in skipped:  # only dates that no clock of the zone ever showed
        noon = datetime.combine(each, time(12), tzinfo=UTC)
        shown = {(noon + timedelta(hours=n)).astimezone(ZoneInfo(repeat.zone)).date() for n in range(-40, 41)}
        assert each not in shown


@given(days, times, zones)
def test_a_moment_is_the_first_at_which_clocks_show_that_time_or_a_later_one(on: date, at: time, zone: str) -> None:
    local, clock = datetime.combine(on, at), ZoneInfo(zone)
    found = moment_of(on, at, zone)
    shown = found.astimezone(clock).replace(tzinfo=None)
    assert shown >= local
    assert shown.second == 0
    just_before = (found - timedelta(seconds=1)).astimezone(clock).replace(tzinfo=None)
    assert just_before < local
    if shown != local:  # a gap: clocks jumped over it
        assert just_before < local < shown


@pytest.mark.parametrize(
    ("zone", "on", "at", "moment"),
    [
        ("Asia/Jerusalem", "2026-03-27", "02:30", "2026-03-27T00:00+00:00"),  # 02:00 becomes 03:00: sent at 03:00
        ("Asia/Jerusalem", "2026-10-25", "01:30", "2026-10-24T22:30+00:00"),  # comes twice: the first
        ("America/New_York", "2026-03-08", "02:00", "2026-03-08T07:00+00:00"),
        ("Africa/Cairo", "2026-04-24", "00:00", "2026-04-23T22:00+00:00"),  # a day that begins at 01:00
        ("Australia/Lord_Howe", "2026-10-04", "02:10", "2026-10-03T15:30+00:00"),  # half an hour
        ("Asia/Kolkata", "2026-10-04", "09:00", "2026-10-04T03:30+00:00"),
    ],
)
def test_clock_changes(zone: str, on: str, at: str, moment: str) -> None:
    found = moment_of(date.fromisoformat(on), time.fromisoformat(at), zone)
    assert found == datetime.fromisoformat(moment)


def test_the_31st_is_the_last_day_of_shorter_months() -> None:
    repeat = Repeat(Period.MONTHLY, time(9), "UTC", date(2027, 12, 31), month_day=31)
    found = [f"{each:%m-%d}" for each in islice(dates(repeat, repeat.first), 4)]
    assert found == ["12-31", "01-31", "02-29", "03-31"]


def test_a_day_that_a_zone_left_out_has_no_occurrence() -> None:
    """Samoa had no 30 December 2011."""
    repeat = Repeat(Period.DAILY, time(0), "Pacific/Apia", date(2011, 12, 29))
    assert [each.day for each in islice(dates(repeat, repeat.first), 3)] == [29, 31, 1]


@pytest.mark.parametrize(
    "change",
    [
        {"period": "yearly"}, {"at": "25:00"}, {"zone": "Mars/Base"}, {"zone": "../etc"}, {"first": "1999-12-31"},
        {"last": "2026-01-01"}, {"times": 0}, {"times": True}, {"weekdays": []}, {"weekdays": [7]},
        {"weekdays": [1, 1]}, {"at": "09:00:30"},
        {"weekdays": ["1"]}, {"month_day": 3}, {"more": 1}, {"last": "3000-01-01"}, {"zone": None}, {"weekdays": None},
    ],
)  # fmt: skip
def test_a_rule_that_is_not_one_is_refused(change: dict[str, Any]) -> None:
    rule = Repeat(Period.WEEKLY, time(9), "Asia/Jerusalem", date(2026, 11, 29), weekdays=(6, 1))
    assert from_kept(rule.kept()) == rule
    with pytest.raises(BadRepeat):
        from_kept({**rule.kept(), **change})
    parts: list[Any] = [None, [], {}, {name: value for name, value in rule.kept().items() if name != "last"}]
    for broken in parts:
        with pytest.raises(BadRepeat):
            from_kept(broken)
