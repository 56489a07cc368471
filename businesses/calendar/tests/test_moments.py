"""When a reminder comes: never in the night, never later than asked for, and always found by the horizon."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesses.calendar.moments import Quiet, horizon, is_too_late, moment_of, moments

pytestmark = pytest.mark.pure

JERUSALEM = ZoneInfo("Asia/Jerusalem")
NIGHT = Quiet(time(21), time(8))
HOURS = (1, 2, 24, 48)
zones = st.sampled_from([JERUSALEM, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), UTC])
starts = st.timedeltas(timedelta(0), timedelta(days=730)).map(lambda ahead: datetime(2026, 1, 1, tzinfo=UTC) + ahead)
nights = st.sampled_from([NIGHT, Quiet(time(0), time(7)), Quiet(time(13), time(15)), Quiet(time(22), time(22))])


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=JERUSALEM)


@pytest.mark.parametrize(
    ("start", "hours", "comes"),
    [
        (local(24, 12), 24, local(23, 12)),
        (local(24, 12), 2, local(24, 10)),
        (local(24, 10), 2, local(24, 8)),
        (local(24, 9), 2, local(23, 20, 30)),
        (local(24, 7), 24, local(22, 20, 30)),
        (local(24, 20, 45), 24, local(23, 20, 30)),
        (local(24, 20, 20), 24, local(23, 20, 20)),
        (local(25, 2), 1, local(24, 20, 30)),
    ],
)
def test_a_reminder_of_the_night_comes_in_the_evening_before(start: datetime, hours: int, comes: datetime) -> None:
    assert moment_of(start.astimezone(UTC), hours, NIGHT, JERUSALEM) == comes


def test_reminders_that_the_night_makes_one_are_one() -> None:
    assert moments(local(24, 8, 30).astimezone(UTC), (2, 1), NIGHT, JERUSALEM) == {1: local(23, 20, 30)}
    assert set(moments(local(24, 12).astimezone(UTC), (2, 1), NIGHT, JERUSALEM)) == {1, 2}


@given(starts, st.sampled_from(HOURS), nights, zones)
def test_it_is_never_night_for_half_an_hour_and_never_later(
    start: datetime, hours: int, quiet: Quiet, zone: ZoneInfo
) -> None:
    moment = moment_of(start, hours, quiet, zone)
    assert moment <= start - timedelta(hours=hours)
    assert not quiet.has(moment, zone)
    assert not quiet.has(moment + timedelta(minutes=29, seconds=59), zone)


@given(starts, starts, st.sampled_from(HOURS), nights, zones)
def test_the_horizon_holds_all_that_is_due(
    start: datetime, now: datetime, hours: int, quiet: Quiet, zone: ZoneInfo
) -> None:
    due = moment_of(start, hours, quiet, zone) <= now
    assert not due or start <= horizon(now, hours, quiet, zone)


def test_after_an_outage_it_still_comes_but_not_when_it_is_of_no_use() -> None:
    start = local(24, 12)
    assert not is_too_late(start, 24, local(23, 17, 59))
    assert is_too_late(start, 24, local(23, 18))
    assert not is_too_late(start, 1, local(24, 11, 29))
    assert is_too_late(start, 1, local(24, 11, 30))
