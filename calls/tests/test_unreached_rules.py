"""Who is called about an appointment, and when, as pure rules: whatever became of the reminders, whatever the hours."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesses.messenger import Standing
from businesses.models import ReminderResult
from calls.outgoing import unreached
from calls.outgoing.rules import Hours, Why
from calls.outgoing.unreached import Reached, Reminded, is_called_for

pytestmark = pytest.mark.pure

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
"""A Wednesday, when the appointment is."""
DAY_BEFORE = NOON - timedelta(days=1)
THREE = timedelta(hours=3)
ALWAYS = Hours((ZoneInfo("UTC"),), (time(8), time(21)), ZoneInfo("UTC"), lambda _day: False)
MINUTE = timedelta(minutes=1)

ways = st.sampled_from(list(Reached))
reminders = st.lists(st.builds(Reminded, st.datetimes(
    (DAY_BEFORE - timedelta(days=1)).replace(tzinfo=None), NOON.replace(tzinfo=None), timezones=st.just(UTC)
), ways), max_size=3)  # fmt: skip
hours = st.builds(
    lambda zone, own, off: Hours((zone,), own, ZoneInfo("UTC"), lambda day: day.weekday() == off),
    st.sampled_from([ZoneInfo(name) for name in ("UTC", "Asia/Jerusalem", "America/New_York")]),
    st.tuples(st.times(), st.times()).filter(lambda each: each[0] < each[1]),
    st.integers(0, 7),
)
undelivered = st.integers(1, 12).map(lambda number: timedelta(hours=number))


def called(*told: Reminded, when: Hours = ALWAYS, start: datetime = NOON, now: datetime) -> bool:
    return is_called_for(start, told, when, undelivered=THREE, now=now)


@given(told=reminders, when=hours, given_up=undelivered, start=st.integers(0, 95), before=st.integers(-60, 60 * 48))
def test_who_is_called_was_not_reached_and_has_time(
    told: list[Reminded], when: Hours, given_up: timedelta, start: int, before: int
) -> None:
    starts_at = NOON + timedelta(minutes=15 * start)
    now = starts_at - timedelta(minutes=before)
    if is_called_for(starts_at, told, when, undelivered=given_up, now=now):
        assert before >= 30
        assert when.refusal(now) is None
        assert all(each.how is not Reached.ARRIVED for each in told)
        assert any(each.how in (Reached.FAILED, Reached.OPEN) for each in told)
        assert unreached.refusal(starts_at, told, is_as_it_was=True, is_wanted=True, now=now) is None


@given(
    when=hours, given_up=undelivered, start=st.integers(0, 95), sent=st.integers(60, 60 * 24), every=st.integers(1, 20)
)
def test_who_could_be_called_about_a_message_that_never_arrives_is_called(
    when: Hours, given_up: timedelta, start: int, sent: int, every: int
) -> None:
    starts_at = NOON + timedelta(minutes=15 * start)
    told = Reminded(starts_at - timedelta(minutes=sent), Reached.OPEN)
    moments = [told.at + minutes * MINUTE for minutes in range(0, sent, every)]
    possible = [
        each
        for each in moments
        if when.refusal(each) is None and told.at + unreached.SETTLES_IN <= each <= starts_at - unreached.USEFUL
    ]
    calls = [each for each in moments if is_called_for(starts_at, [told], when, undelivered=given_up, now=each)]
    assert bool(calls) == bool(possible)
    if calls and calls[0] < starts_at - given_up:
        assert not [each for each in possible if each >= max(calls[0] + timedelta(minutes=30), starts_at - given_up)]


def test_a_message_on_its_way_is_waited_for_and_a_failed_one_is_not() -> None:
    sent = Reminded(DAY_BEFORE, Reached.OPEN)
    assert not called(sent, now=NOON - THREE - MINUTE)
    assert called(sent, now=NOON - THREE)
    assert called(Reminded(DAY_BEFORE, Reached.FAILED), now=DAY_BEFORE + MINUTE)
    assert not called(sent, Reminded(NOON - THREE, Reached.OPEN), now=NOON - THREE + 14 * MINUTE)
    assert called(sent, Reminded(NOON - THREE, Reached.OPEN), now=NOON - THREE + 15 * MINUTE)
    assert not called(sent, Reminded(DAY_BEFORE, Reached.ARRIVED), now=NOON - THREE)
    assert not called(Reminded(DAY_BEFORE, Reached.NOT_TO_GET), now=NOON - THREE)
    assert not called(now=NOON - THREE)


def test_for_an_early_appointment_the_evening_before_is_the_last_time() -> None:
    early = NOON.replace(hour=8, minute=15)
    sent = Reminded(early - timedelta(days=1), Reached.OPEN)
    assert not called(sent, start=early, now=DAY_BEFORE.replace(hour=20, minute=29))
    assert called(sent, start=early, now=DAY_BEFORE.replace(hour=20, minute=30))


@pytest.mark.parametrize(
    ("result", "standing", "has_agreed", "how"),
    [
        ("sent", None, True, "open"),
        ("sent", Standing("Sent"), True, "open"),
        ("sent", Standing("Read", has_arrived=True), True, "arrived"),
        ("sent", Standing("Failed", has_failed=True), True, "failed"),
        ("no_template", None, True, "failed"),
        ("no_template", None, False, "not_to_get"),
        ("no_whatsapp", None, True, "failed"),
        ("bad_values", None, True, "failed"),
        ("no_number", None, False, "failed"),
        ("not_agreed", None, True, "not_to_get"),
        ("opted_out", None, True, "not_to_get"),
        ("too_late", None, True, "not_to_get"),
    ],
)
def test_whether_a_reminder_reached_the_person(
    result: str, standing: Standing | None, has_agreed: bool, how: str
) -> None:
    assert unreached.reached(ReminderResult(result), standing, has_agreed=has_agreed) == how


@pytest.mark.parametrize(
    ("told", "is_as_it_was", "is_wanted", "now", "why"),
    [
        (Reached.FAILED, True, True, NOON - THREE, None),
        (Reached.FAILED, False, True, NOON - THREE, Why.CHANGED),
        (Reached.FAILED, True, False, NOON - THREE, Why.NOT_WANTED),
        (Reached.ARRIVED, True, True, NOON - THREE, Why.REMINDED),
        (Reached.FAILED, True, True, NOON - 30 * MINUTE, None),
        (Reached.FAILED, True, True, NOON - 29 * MINUTE, Why.TOO_NEAR),
    ],
)
def test_what_is_looked_at_before_dialling(
    told: Reached, is_as_it_was: bool, is_wanted: bool, now: datetime, why: Why | None
) -> None:
    reminded = [Reminded(DAY_BEFORE, told)]
    assert unreached.refusal(NOON, reminded, is_as_it_was=is_as_it_was, is_wanted=is_wanted, now=now) == why
