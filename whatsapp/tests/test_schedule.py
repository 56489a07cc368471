from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.broadcasts.schedule import WALL_TIME_FORMAT, BadSchedule, Window, instant_of, opens_at, seconds_open

pytestmark = pytest.mark.once

zones = st.sampled_from(sorted(zone for zone in available_timezones() if "/" in zone))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
windows = st.builds(Window, opens=clocks, closes=clocks)


def local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)), zones)  # noqa: DTZ001
def test_a_scheduled_instant_shows_the_wall_time_or_the_clock_skipped_it(wall: datetime, zone: str) -> None:
    written = wall.strftime(WALL_TIME_FORMAT)
    shown = local(instant_of(written, zone), zone)
    if shown.strftime(WALL_TIME_FORMAT) != written:
        minute = wall.replace(second=0, microsecond=0)
        skipped = shown.replace(tzinfo=None) - minute
        assert timedelta(0) < skipped <= timedelta(days=1)
        assert local(minute.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), zone).replace(tzinfo=None) != minute


def test_clock_changes_of_israel() -> None:
    assert instant_of("2026-03-27T01:30", "Asia/Jerusalem") == datetime(2026, 3, 26, 23, 30, tzinfo=UTC)
    # 02:00 to 03:00 does not exist on that night: half past two becomes half past three.
    assert instant_of("2026-03-27T02:30", "Asia/Jerusalem") == datetime(2026, 3, 27, 0, 30, tzinfo=UTC)
    # 01:30 comes twice on that night: the first one, still in summer time.
    assert instant_of("2026-10-25T01:30", "Asia/Jerusalem") == datetime(2026, 10, 24, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wall", "zone", "says"),
    [
        ("tomorrow", "UTC", "is not a time"),
        ("2026-02-30T09:00", "UTC", "is not a time"),
        ("2026-11-30T09:00", "Israel/Haifa", "no time zone"),
        ("2026-11-30T09:00", "../etc", "no time zone"),
    ],
)
def test_what_is_no_time_or_zone_is_refused(wall: str, zone: str, says: str) -> None:
    with pytest.raises(BadSchedule, match=says):
        instant_of(wall, zone)


@given(moments, windows, zones)
def test_a_window_opens_when_it_says_so_and_not_later_than_needed(now: datetime, window: Window, zone: str) -> None:
    opening = opens_at(now, window, zone)
    if opening is None:
        return
    assert now < opening <= now + timedelta(hours=49)
    assert opens_at(opening, window, zone) is None or _is_gap(opening, zone)
    # Nothing between now and the opening was open already.
    for part in range(1, 8):
        between = now + (opening - now) * part / 8
        assert opens_at(between, window, zone) is not None or _is_gap(opening, zone)


def _is_gap(moment: datetime, zone: str) -> bool:
    """Whether the zone's clocks change around this moment."""
    offsets = {local(moment + timedelta(hours=hours), zone).utcoffset() for hours in range(-26, 27)}
    return len(offsets) > 1


def test_quiet_hours_through_midnight() -> None:
    evening = Window(time(18), time(2))
    assert opens_at(datetime(2026, 11, 23, 23, tzinfo=UTC), evening, "UTC") is None
    assert opens_at(datetime(2026, 11, 23, 1, 59, tzinfo=UTC), evening, "UTC") is None
    assert opens_at(datetime(2026, 11, 23, 2, tzinfo=UTC), evening, "UTC") == datetime(2026, 11, 23, 18, tzinfo=UTC)


def test_no_window_is_always_open() -> None:
    now = datetime(2026, 11, 23, 3, tzinfo=UTC)
    assert opens_at(now, None, "UTC") is None
    assert opens_at(now, Window(time(9), time(9)), "UTC") is None


def test_the_expected_end_counts_only_open_hours() -> None:
    window, start = Window(time(9), time(17)), datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert seconds_open(start, 1800, window, "UTC") == datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    assert seconds_open(start, 3 * 3600, window, "UTC") == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert seconds_open(start, 3 * 3600, None, "UTC") == datetime(2026, 11, 23, 19, tzinfo=UTC)
    assert seconds_open(start, 10 * 3600, window, "UTC") == datetime(2026, 11, 25, 10, tzinfo=UTC)
