"""When the owner of another calendar is busy: what Google, Outlook and Apple write, and what nobody should."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from businesses.ics import apart, reading
from businesses.ics.problems import FileProblem, UnusableFile
from businesses.ics.reading import NotACalendar, TooMany, busy_times
from businesses.ics.tests.files import ZONE, calendar, event

ISRAEL = ZoneInfo("Asia/Jerusalem")
FIRST, UNTIL = datetime(2026, 11, 22, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC)
A_DAY = (":20261123T090000Z", ":20261123T100000Z")


def read(*events: str, head: str = "") -> list[str]:
    """Returns the busy times of a file as text: day, start and end by Jerusalem's clock."""
    found = busy_times(calendar(*events, head=head), zone=ISRAEL, first=FIRST, until=UNTIL)
    local = sorted((busy.start.astimezone(ISRAEL), busy.end.astimezone(ISRAEL)) for busy in found)
    return [f"{start:%d.%m. %H:%M}-{end:%H:%M}" for start, end in local]


@pytest.mark.pure
@pytest.mark.parametrize(
    ("start", "head", "expected"),
    [
        (":20261123T090000Z", "", "23.11. 11:00-12:00"),
        (":20261123T090000", "", "23.11. 09:00-10:00"),
        (":20261123T090000", "X-WR-TIMEZONE:America/New_York", "23.11. 16:00-17:00"),
        (";TZID=Europe/Berlin:20261123T090000", "", "23.11. 10:00-11:00"),
        (";TZID=Israel Standard Time:20261123T090000", "", "23.11. 09:00-10:00"),
        (";TZID=Israel Standard Time:20261123T090000", ZONE, "23.11. 09:00-10:00"),
        (';TZID="Eastern Standard Time":20261123T090000', "", "23.11. 16:00-17:00"),
        (";TZID=Customized Time Zone:20261123T090000", "", "23.11. 09:00-10:00"),
        (";TZID=tzone://Microsoft/Utc:20261123T090000", "", "23.11. 11:00-12:00"),
        (";TZID=tzone://Microsoft/Custom:20261123T090000", "", "23.11. 09:00-10:00"),
    ],
)
def test_a_time_is_of_its_zone_or_the_files_or_the_businesss(start: str, head: str, expected: str) -> None:
    assert read(f"UID:one\nDTSTART{start}\nDURATION:PT1H", head=head) == [expected]


@pytest.mark.pure
def test_an_all_day_event_is_a_day_of_the_clock_there() -> None:
    days = event(";VALUE=DATE:20270325", ";VALUE=DATE:20270327")  # on the 26th summer begins
    [busy] = busy_times(calendar(days), zone=ISRAEL, first=FIRST, until=UNTIL)
    assert (busy.start, busy.end) == (datetime(2027, 3, 24, 22, tzinfo=UTC), datetime(2027, 3, 26, 21, tzinfo=UTC))


@pytest.mark.pure
def test_a_repeated_event_keeps_its_clock_and_what_was_changed_in_it() -> None:
    weekly = event(
        ";TZID=Israel Standard Time:20270311T090000",
        ";TZID=Israel Standard Time:20270311T100000",
        "RRULE:FREQ=WEEKLY;COUNT=5",
        "EXDATE;TZID=Israel Standard Time:20270318T090000",
    )
    moved = event(":20270325T130000Z", ":20270325T140000Z", "RECURRENCE-ID;TZID=Israel Standard Time:20270325T090000")
    cancelled = event(
        *(";TZID=Israel Standard Time:20270408T090000", ";TZID=Israel Standard Time:20270408T100000"),
        *("RECURRENCE-ID;TZID=Israel Standard Time:20270408T090000", "STATUS:CANCELLED"),
    )
    expected = ["11.03. 09:00-10:00", "25.03. 15:00-16:00", "01.04. 09:00-10:00"]
    assert read(weekly, moved, cancelled, head=ZONE) == expected


@pytest.mark.pure
@pytest.mark.parametrize(
    "line",
    [
        "TRANSP:TRANSPARENT",
        "STATUS:CANCELLED",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:Levi@example.com",
    ],
)
def test_what_takes_no_time_does_not_block(line: str) -> None:
    head = "X-WR-CALNAME:levi@example.com"
    assert read(event(*A_DAY, line), event(*A_DAY, uid="two"), head=head) == ["23.11. 11:00-12:00"]


@pytest.mark.pure
def test_what_another_has_declined_and_what_is_tentative_blocks() -> None:
    declined = "ATTENDEE;PARTSTAT=DECLINED:mailto:cohen@example.com"
    assert read(event(*A_DAY, declined, "STATUS:TENTATIVE"), head="X-WR-CALNAME:levi@example.com")


@pytest.mark.pure
def test_a_broken_event_does_not_take_the_others_with_it() -> None:
    broken = (
        "UID:a\nDTSTART;TZID=Nowhere:hello\nDTEND:20261127",
        "UID:b\nSUMMARY:without a beginning",
        f"UID:c\nDTSTART{A_DAY[0]}",  # it takes no time
        event(*A_DAY, "RRULE:FREQ=SOMETIMES", uid="d"),
        event(*A_DAY, "RRULE:FREQ=DAILY;COUNT=two", uid="e"),
    )
    assert "24.11. 11:00-12:00" in read(*broken, event(":20261124T090000Z", ":20261124T100000Z", uid="good"))


@pytest.mark.pure
@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"<!DOCTYPE html><html></html>",
        b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        calendar(event(*A_DAY))[:-40],
        b"\xff\x00",
    ],
)
def test_what_is_no_calendar_is_refused(file: bytes) -> None:
    with pytest.raises(NotACalendar):
        busy_times(file, zone=ISRAEL, first=FIRST, until=UNTIL)


@pytest.mark.pure
def test_an_empty_calendar_is_one() -> None:
    assert read() == []


@pytest.mark.pure
def test_only_the_time_that_is_asked_for_is_read_and_not_too_much_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    daily = event(":20200101T090000Z", ":20200101T100000Z", "RRULE:FREQ=DAILY")
    assert len(read(daily)) == (UNTIL - FIRST).days
    monkeypatch.setattr(reading, "MOST_EVENTS", 100)
    with pytest.raises(TooMany):
        read(daily)


def test_a_file_is_read_in_a_process_of_its_own() -> None:
    found = apart.read(calendar(event(*A_DAY)), zone="Asia/Jerusalem", first=FIRST, until=UNTIL)
    assert [(busy.start.hour, busy.uid) for busy in found] == [(9, "one")]
    with pytest.raises(UnusableFile) as refused:
        apart.read(b"<html>", zone="Asia/Jerusalem", first=FIRST, until=UNTIL)
    assert refused.value.problem == FileProblem.NOT_A_CALENDAR


@pytest.mark.parametrize(
    "rule",
    ["RRULE:FREQ=SECONDLY", "RRULE:FREQ=MONTHLY;INTERVAL=0;BYDAY=MO;BYMONTHDAY=1;UNTIL=20261231T200000Z"],
)
def test_a_file_that_would_take_hours_is_given_up(rule: str) -> None:
    bomb = calendar(event(":19700101T090000Z", ":19700101T100000Z", rule))
    began = time.monotonic()
    with pytest.raises(UnusableFile) as refused:
        apart.read(bomb, zone="Asia/Jerusalem", first=FIRST, until=UNTIL, time_s=2)
    assert refused.value.problem == FileProblem.TOO_MUCH_WORK
    assert time.monotonic() - began < 20
