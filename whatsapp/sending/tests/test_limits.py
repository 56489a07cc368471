"""Pace, retries, breaker, rotation and answers at their exact limits: rules without a clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from whatsapp.providers.base import ErrorRule, SendOutcome, SendResult
from whatsapp.providers.cloud.errors import refused, rule_for
from whatsapp.sending import pace
from whatsapp.sending.breaker import IN_A_ROW, LEAST_SAMPLE, Breaker, Verdict, codes_to_blame, is_burst, verdict_of
from whatsapp.sending.outcomes import NextState, change_for, concerns_one_row, error_class
from whatsapp.sending.pace import HORIZON_S, MARGIN, Pace, Slots, rate_at, reserve, slow_down
from whatsapp.sending.retries import LONGEST_WAIT_S, resend_at, retry_at
from whatsapp.sending.rotation import Rotation

pytestmark = pytest.mark.once

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PASSING = rule_for("131000")


def seconds(moment: datetime | None) -> float | None:
    return None if moment is None else (moment - NOW).total_seconds()


# Pace -------------------------------------------------------------------------------------------------------------
def test_slots_are_evenly_spaced_and_the_next_wave_s_follow_without_a_gap() -> None:
    state, slots = reserve(Pace(), 100.0, 10, 50.0)
    assert replace(slots, interval=0.0) == Slots(50.0, 0.0, 10)
    assert slots.interval == pytest.approx(1 / (100 * MARGIN))
    assert [slots.at(index) for index in (0, 1, 9)] == pytest.approx([50.0, 50.0 + 1 / 97, 50.0 + 9 / 97])
    assert state.next_slot_at == pytest.approx(slots.at(10))
    _, following = reserve(state, 100.0, 10, 50.0)
    assert following.start == state.next_slot_at


def test_slots_are_handed_out_a_quarter_of_a_second_ahead_all_or_none() -> None:
    assert HORIZON_S == 0.25
    _, slots = reserve(Pace(), 8.0 / MARGIN, 100, 50.0)
    assert slots.count == 3, "now, and until a quarter of a second later"
    assert slots.interval == pytest.approx(0.125)
    busy = Pace(next_slot_at=50.1)
    unchanged, none = reserve(busy, 8.0 / MARGIN, 3, 50.0)
    assert (unchanged, none.count) == (busy, 0)
    assert none.wait_s == pytest.approx(0.1)
    _, later = reserve(busy, 8.0 / MARGIN, 3, 50.1)
    assert (later.count, later.start) == (3, 50.1)


def test_a_slow_number_sends_one_message_at_a_time() -> None:
    _, slots = reserve(Pace(), 1.0, 100, 50.0)
    assert slots.count == 1


def test_a_clock_that_goes_back_does_not_slow_a_number_down_further() -> None:
    state = Pace(slowed_rate=40.0, slowed_at=100.0)
    assert rate_at(state, 80.0, 0.0) == 40.0
    assert rate_at(state, 80.0, 100.0 + 1e9) == 80.0, "nor does a long time overflow"


def test_a_complaint_keeps_the_number_silent_for_as_long_as_the_provider_says() -> None:
    state = slow_down(Pace(), 80.0, 100.0, 5.0)
    assert state == Pace(0.0, 40.0, 100.0, rests_until=105.0)
    assert slow_down(Pace(slowed_at=95.0, rests_until=110.0), 80.0, 100.0, 5.0).rests_until == 110.0
    again = slow_down(state, 80.0, 104.999, 5.0)
    assert (again.slowed_rate, again.slowed_at) == (40.0, 100.0)
    assert again.rests_until == pytest.approx(109.999)
    assert slow_down(state, 80.0, 105.0, 5.0).slowed_rate == 20.0


def test_however_often_it_complains_a_slow_number_keeps_a_fifth_of_a_message_a_second() -> None:
    assert slow_down(Pace(slowed_rate=0.21, slowed_at=0.0), 1.0, 9.0, 5.0).slowed_rate == pace.LOWEST_MPS == 0.2


# Retries ----------------------------------------------------------------------------------------------------------
def test_retries_are_spread_by_a_fifth_and_keep_to_what_the_provider_asked_for() -> None:
    def wait(chance: float, retry_after_s: float | None = None) -> float | None:
        return seconds(retry_at(PASSING, refusals=1, now=NOW, chance=chance, retry_after_s=retry_after_s))

    assert [wait(chance=chance) for chance in (0.0, 0.5, 1.0)] == [30.0, 33.0, 36.0]
    assert wait(chance=0.0, retry_after_s=90.0) == 90.0
    assert wait(chance=0.0, retry_after_s=10.0) == 30.0, "our own wait is longer"
    assert wait(chance=1.0, retry_after_s=1e9) == LONGEST_WAIT_S


def test_the_last_try_of_a_rule_is_its_last() -> None:
    assert [retry_at(replace(PASSING, tries=2), refusals=n, now=NOW, chance=0.0) is None for n in (1, 2, 3)] == [
        False,
        True,
        True,
    ]


def test_a_throttled_message_is_never_given_up_and_its_wait_does_not_grow() -> None:
    too_fast = rule_for("130429")
    assert [seconds(retry_at(too_fast, refusals=n, now=NOW, chance=0.0)) for n in (1, 9)] == [5.0, 5.0]


def test_what_never_left_waits_twice_as_long_each_time_up_to_a_minute() -> None:
    waits = [seconds(resend_at(attempts, now=NOW, chance=0.0)) for attempts in (1, 2, 3, 6, 7, 8, 999)]
    assert waits == [1.0, 2.0, 4.0, 32.0, 60.0, 60.0, 60.0]
    assert seconds(resend_at(1, now=NOW, chance=1.0)) == pytest.approx(1.2)


# The breaker ------------------------------------------------------------------------------------------------------
def test_the_breaker_needs_fifty_answers_before_it_judges_their_share() -> None:
    assert (IN_A_ROW, LEAST_SAMPLE) == (5, 50)
    breaker = Breaker()
    for number in range(49):
        breaker.note(failed=number % 4 == 0)  # 13 of 49
    assert not breaker.is_open
    breaker.note(failed=False)
    assert breaker.is_open, "13 of 50"


def test_exactly_a_fifth_of_failures_is_borne() -> None:
    breaker = Breaker()
    for number in range(100):
        breaker.note(failed=number % 5 == 0)
    assert not breaker.is_open
    breaker.note(failed=False)  # a failure leaves the last hundred
    breaker.note(failed=True)
    breaker.note(failed=True)
    assert breaker.is_open


@pytest.mark.parametrize(
    ("code", "is_final", "verdict"),
    [
        ("131053", False, Verdict.FAULT),
        ("131008", True, Verdict.FAULT),
        ("132012", True, Verdict.FAULT),
        ("131000", True, Verdict.FAULT),
        ("131000", False, None),
        ("131026", True, Verdict.PERSON),
        ("131049", True, None),
        ("131050", True, None),
        ("132001", True, None),
        ("190", True, None),
    ],
)
def test_a_failure_speaks_against_the_message_its_person_or_nobody(
    code: str, is_final: bool, verdict: Verdict | None
) -> None:
    assert verdict_of(rule_for(code), is_final=is_final) is verdict
    assert verdict_of(None, is_final=is_final) is None


def test_people_who_cannot_be_reached_open_the_breaker_only_when_nearly_everybody_is() -> None:
    breaker = Breaker()
    for number in range(300):
        breaker.note(failed=number % 5 != 0, for_its_person=True)  # four of five
    opened = [breaker.is_open]
    breaker.note(failed=True, for_its_person=True)
    breaker.note(failed=True, for_its_person=True)
    opened.append(breaker.is_open)
    assert opened == [False, True], "80, then 81 of the last 100"
    assert (breaker.in_a_row, len(breaker.recent)) == (0, 60)
    breaker.reset()
    for opens in [False] * 29 + [True]:
        breaker.note(failed=True, for_its_person=True)
        assert breaker.is_open is opens


def test_an_unreachable_person_between_two_faults_says_nothing() -> None:
    breaker = Breaker()
    opened = []
    for personal in (*(False, True) * 4, False):
        breaker.note(failed=True, for_its_person=personal)
        opened.append(breaker.is_open)
    assert opened == [False] * 8 + [True]
    assert is_burst([Verdict.FAULT, Verdict.PERSON] * 5)
    assert not is_burst([Verdict.FAULT, Verdict.PERSON, Verdict.FINE] * 5)


def test_the_errors_to_blame_are_those_that_met_several() -> None:
    assert codes_to_blame(["1"] * 5 + ["2"] * 4 + ["3"] * 6) == ["1", "3"]
    assert codes_to_blame(["1", "2", "2"]) == ["2"]
    assert codes_to_blame([]) == []


# Whose turn it is -------------------------------------------------------------------------------------------------
def test_the_one_that_was_served_longest_ago_is_next_and_a_newcomer_comes_first() -> None:
    rotation: Rotation[str] = Rotation()
    assert rotation.next([]) is None
    assert [rotation.next(["a", "b"]) for _ in range(4)] == ["a", "b", "a", "b"]
    assert rotation.next(["a", "b", "c"]) == "c"
    assert rotation.next(["a", "b", "c"]) == "a"
    rotation.forget_others(["a", "c"])
    assert rotation.next(["b", "c"]) == "b", "it is a newcomer again"
    assert rotation.next(["a", "c"]) == "c", "and the others have kept their places"


# What an answer makes of a row ------------------------------------------------------------------------------------
def changed(result: SendResult, *, attempts: int = 1, refusals: int = 0, others_succeed: bool = True) -> NextState:
    return change_for(result, attempts=attempts, refusals=refusals, others_succeed=others_succeed, now=NOW, chance=0.0)


def test_every_refusal_for_a_passing_reason_uses_up_a_try() -> None:
    result = refused(500, {"code": 131000})
    assert changed(result) == NextState("retry_wait", NOW + timedelta(seconds=30), 1)  # type: ignore[arg-type]
    assert changed(result, refusals=1).next_attempt_at == NOW + timedelta(seconds=120)
    assert changed(result, refusals=3) == NextState("failed", None, 4)  # type: ignore[arg-type]


def test_what_never_left_waits_by_its_attempts_and_uses_up_no_try() -> None:
    change = changed(SendResult(SendOutcome.SAFE_RETRY), attempts=3, refusals=2)
    assert (change.status, seconds(change.next_attempt_at), change.refusals) == ("retry_wait", 4.0, 2)


def test_a_refusal_without_a_rule_is_final() -> None:
    for outcome in (SendOutcome.RETRY, SendOutcome.DEFERRED, SendOutcome.THROTTLED, SendOutcome.PERMANENT):
        assert changed(SendResult(outcome)) == NextState("failed")  # type: ignore[arg-type]


def test_who_stopped_marketing_is_skipped_as_opted_out() -> None:
    assert changed(SendResult(SendOutcome.SUPPRESS)) == NextState("skipped", skip_reason="opted_out")  # type: ignore[arg-type]


def test_a_refusal_of_the_template_is_one_person_s_only_if_it_can_be_and_others_got_theirs() -> None:
    one, everybody = rule_for("132012"), rule_for("132001")
    assert concerns_one_row(one, others_succeed=True) is True
    assert concerns_one_row(one, others_succeed=False) is False
    assert concerns_one_row(everybody, others_succeed=True) is False
    assert concerns_one_row(None, others_succeed=True) is False


def test_an_accepted_message_has_no_error_and_every_other_the_class_of_its_outcome() -> None:
    assert error_class(SendResult(SendOutcome.ACCEPTED)) == error_class(SendResult(SendOutcome.HELD)) == ""
    rest = set(SendOutcome) - {SendOutcome.ACCEPTED, SendOutcome.HELD}
    assert {error_class(SendResult(outcome)) for outcome in rest} == {outcome.value for outcome in rest}
    assert isinstance(PASSING, ErrorRule)
