"""Who may be called and when, as pure rules: whatever the zones, the hours and the limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calls.models import OutgoingState
from calls.outgoing import rules, states
from calls.outgoing.rules import Facts, Go, Hours, Never, Wait, Why, judge
from calls.outgoing.zones import zones_of

pytestmark = pytest.mark.pure

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FREE = Facts(
    asked_at=NOON, refusal=None, used_up=False, has_minutes=True, lines=0, outgoing=0, most_lines=10, today=0,
    most_a_day=20, to_person_today=0, most_per_person=2, is_on_the_line=False, unknown_at=None,
    next_day=NOON + timedelta(hours=12),
)  # fmt: skip
ZONES = [ZoneInfo(name) for name in ("Asia/Jerusalem", "America/New_York", "Pacific/Auckland", "UTC", "Asia/Kolkata")]
moments = st.datetimes(NOON.replace(month=1, tzinfo=None), NOON.replace(year=2028, tzinfo=None), timezones=st.just(UTC))


def hours(*zones: str, own: tuple[time, time] = (time(0), time(23, 59)), off: set[date] | None = None) -> Hours:
    found = tuple(ZoneInfo(zone) for zone in zones or ("UTC",))
    return Hours(found, own, found[0], lambda day: day in (off or set()))


@given(
    now=moments,
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True),
    own_zone=st.sampled_from(ZONES),
    own=st.tuples(st.times(), st.times()).filter(lambda each: each[0] < each[1]),
    weekday_off=st.integers(0, 7),
)
def test_the_next_moment_is_allowed_everywhere_and_none_is_sooner(
    now: datetime, zones: list[ZoneInfo], own_zone: ZoneInfo, own: tuple[time, time], weekday_off: int
) -> None:
    when = Hours(tuple(zones), own, own_zone, lambda day: day.weekday() == weekday_off)
    found = when.next_moment(now)
    assume(found is not None)
    assert found is not None
    assert found >= now
    for zone in zones:
        assert 8 <= found.astimezone(zone).hour < 21
    here = found.astimezone(own_zone)
    assert own[0] <= here.time() < own[1]
    assert here.weekday() != weekday_off
    minute = now
    while minute < min(found, now + timedelta(days=2)):
        assert when.refusal(minute) is not None, minute
        minute += timedelta(minutes=17)


def test_zones_without_a_common_hour_are_never_called() -> None:
    everywhere = hours("Asia/Singapore", "Europe/London", "America/Los_Angeles")
    assert everywhere.next_moment(NOON) is None
    assert judge(FREE, everywhere, now=NOON) == Never(Why.NEVER_OPEN)


def test_nobody_is_woken() -> None:
    night = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    assert judge(FREE, hours(), now=night) == Wait(night.replace(hour=8), Why.HOURS_THERE)
    late = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
    assert judge(FREE, hours(), now=late) == Wait(late.replace(day=24, hour=8), Why.HOURS_THERE)
    early = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    own = hours(own=(time(9), time(17)))
    assert judge(FREE, own, now=early) == Wait(early.replace(hour=9, minute=0), Why.OWN_HOURS)
    off = hours(off={date(2026, 11, 23), date(2026, 11, 24)})
    assert judge(FREE, off, now=NOON) == Wait(datetime(2026, 11, 25, 8, tzinfo=UTC), Why.DAY_OFF)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Go()),
        ({"refusal": Why.BLOCKED}, Never(Why.BLOCKED)),
        ({"asked_at": NOON - rules.TOO_LATE}, Never(Why.TOO_LATE)),
        ({"asked_at": NOON - rules.TOO_LATE + timedelta(seconds=1)}, Go()),
        ({"useful_until": NOON}, Go()),
        (
            {"has_minutes": False, "useful_until": NOON + timedelta(minutes=10)},
            Wait(NOON + timedelta(minutes=10), Why.NO_MINUTES),
        ),
        ({"has_minutes": False, "useful_until": NOON + timedelta(minutes=9)}, Never(Why.NO_MINUTES)),
        ({"used_up": True}, Wait(FREE.next_day, Why.DAY_LIMIT)),
        ({"today": 20}, Wait(FREE.next_day, Why.CALLS_TODAY)),
        ({"to_person_today": 2}, Wait(FREE.next_day, Why.PERSON_TODAY)),
        ({"has_minutes": False}, Wait(NOON + timedelta(minutes=10), Why.NO_MINUTES)),
        ({"is_on_the_line": True}, Wait(NOON + timedelta(seconds=30), Why.ONE_BEFORE)),
        ({"unknown_at": NOON - timedelta(minutes=1)}, Wait(NOON + timedelta(minutes=14), Why.ONE_BEFORE)),
        ({"unknown_at": NOON - timedelta(minutes=15)}, Go()),
        ({"lines": 9}, Wait(NOON + timedelta(seconds=30), Why.NO_LINE)),
        ({"lines": 8}, Go()),
        ({"lines": 5, "outgoing": 5}, Wait(NOON + timedelta(seconds=30), Why.NO_LINE)),
    ],
)
def test_each_obstacle(changes: dict[str, object], verdict: object) -> None:
    assert judge(replace(FREE, **changes), hours(), now=NOON) == verdict  # type: ignore[arg-type]


@given(lines=st.integers(0, 1000), outgoing=st.integers(0, 1000), most=st.integers(1, 1000))
def test_a_caller_always_finds_a_line(lines: int, outgoing: int, most: int) -> None:
    facts = replace(FREE, lines=lines + outgoing, outgoing=outgoing, most_lines=most)
    if rules.has_room(facts):
        assert facts.lines + 1 <= most - 1
        assert facts.outgoing + 1 <= max(most // 2, 1)


def test_a_number_tells_its_zones() -> None:
    assert zones_of("+972501234567", "UTC") == (ZoneInfo("Asia/Jerusalem"),)
    assert zones_of("+12125550123", "UTC") == (ZoneInfo("America/New_York"),)
    assert len(zones_of("+18005550123", "UTC")) > 5, "a number of the whole country has all its zones"
    assert zones_of("+80012345678", "Asia/Kolkata") == (ZoneInfo("Asia/Kolkata"),)


TOLD = ["queued", "initiated", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled", "odd"]


@given(told=st.lists(st.sampled_from(TOLD), max_size=12), has_call=st.booleans())
def test_reports_in_any_order_end_a_call_once(told: list[str], has_call: bool) -> None:
    state, ended = OutgoingState.TALKING if has_call else OutgoingState.DIALLING, 0
    for each in told:
        then = states.after_report(state, each, has_call=has_call, answered_by="")
        if then is not None:
            ended += then not in states.MOVABLE
            state = then
    assert ended <= 1
    if ended and has_call:
        assert state is OutgoingState.TALKED, "who was talked to was not busy"


def test_what_is_unknown_gives_way_to_proof_and_is_no_machine() -> None:
    proved = states.after_report(OutgoingState.UNKNOWN, "ringing", has_call=False, answered_by="")
    assert proved is OutgoingState.RINGING
    assert states.after_report(OutgoingState.WAITING, "ringing", has_call=False, answered_by="") is None
    assert not states.is_machine("unknown")
    machine = states.after_report(OutgoingState.TALKING, "completed", has_call=True, answered_by="machine_start")
    assert machine is OutgoingState.MACHINE


@pytest.mark.parametrize(
    ("state", "told", "has_call", "answered_by", "then"),
    [
        ("dialling", "queued", False, "", "ringing"),
        ("ringing", "in-progress", False, "", None),
        ("talking", "in-progress", True, "", None),
        ("ringing", "busy", False, "", "busy"),
        ("dialling", "no-answer", False, "", "no_answer"),
        ("unknown", "failed", False, "", "failed"),
        ("ringing", "canceled", False, "", "cancelled"),
        ("talking", "no-answer", True, "", "talked"),
        ("ringing", "completed", False, "", "failed"),
        ("ringing", "completed", False, "fax", "machine"),
        ("talking", "completed", True, "unknown", "talked"),
        ("talked", "busy", True, "", None),
        ("talking", "odd", True, "", None),
    ],
)
def test_where_each_report_leads(state: str, told: str, has_call: bool, answered_by: str, then: str | None) -> None:
    assert states.after_report(state, told, has_call=has_call, answered_by=answered_by) == then


def test_a_message_is_left_where_a_machine_listens() -> None:
    listening = {each for each in (*states.MACHINES, "human", "unknown") if states.takes_a_message(each)}
    assert listening == {"machine_end_beep", "machine_end_silence", "machine_end_other"}
