"""Retries, breaker, rotation: rules without a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.providers.base import SendOutcome, SendResult
from whatsapp.providers.cloud.errors import refused, rule_for
from whatsapp.sending.breaker import Breaker
from whatsapp.sending.outcomes import change_for
from whatsapp.sending.retries import resend_at, retry_at
from whatsapp.sending.rotation import Rotation

pytestmark = pytest.mark.once

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_passing_fault_is_tried_three_more_times_with_growing_waits() -> None:
    rule = rule_for("131000")
    waits = [retry_at(rule, refusals=refusals, now=NOW, chance=0.0) for refusals in (1, 2, 3, 4)]
    assert [wait and (wait - NOW).total_seconds() for wait in waits] == [30, 120, 480, None]


def test_a_person_with_enough_marketing_gets_one_more_try_a_day_later() -> None:
    rule = rule_for("131049")
    assert retry_at(rule, refusals=1, now=NOW, chance=0.0) == NOW + timedelta(days=1)
    assert retry_at(rule, refusals=2, now=NOW, chance=0.0) is None


@given(st.integers(1, 40), st.floats(0, 1))
def test_what_never_left_is_sent_again_within_72_seconds(attempts: int, chance: float) -> None:
    assert timedelta(seconds=1) <= resend_at(attempts, now=NOW, chance=chance) - NOW <= timedelta(seconds=72)


@pytest.mark.parametrize(
    ("code", "status", "others", "expected"),
    [
        (131026, 400, True, "failed"),
        (130429, 429, True, "retry_wait"),
        (131000, 500, True, "retry_wait"),
        (131049, 400, True, "retry_wait"),
        (131050, 400, True, "skipped"),
        (190, 401, True, "pending"),
        (132001, 404, True, "pending"),
        (132000, 400, False, "pending"),
        (132000, 400, True, "pending"),
        (132012, 400, False, "pending"),
        (132012, 400, True, "failed"),
        (987654, 400, True, "failed"),
        (987654, 500, True, "unknown"),
    ],
)
def test_what_an_answer_makes_of_a_row(code: int, status: int, others: bool, expected: str) -> None:
    result = refused(status, {"code": code, "message": "no"})
    change = change_for(result, attempts=1, refusals=0, others_succeed=others, now=NOW, chance=0.5)
    assert change.status == expected
    assert (change.next_attempt_at is not None) == (expected == "retry_wait")


def test_a_throttled_message_uses_up_no_try() -> None:
    result = refused(429, {"code": 130429})
    change = change_for(result, attempts=9, refusals=2, others_succeed=True, now=NOW, chance=0.0)
    assert change.refusals == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 302])
def test_an_answer_of_somebody_elses_may_hide_an_acceptance(status: int) -> None:
    assert refused(status, None).outcome is SendOutcome.UNKNOWN


@given(st.sampled_from(list(SendOutcome)), st.integers(0, 6), st.booleans())
def test_only_a_proof_of_not_being_sent_makes_a_row_sendable_again(
    outcome: SendOutcome, refusals: int, others: bool
) -> None:
    result = SendResult(outcome, rule_for("131000"))
    change = change_for(result, attempts=1, refusals=refusals, others_succeed=others, now=NOW, chance=0.5)
    if outcome in {SendOutcome.ACCEPTED, SendOutcome.HELD, SendOutcome.UNKNOWN}:
        assert change.status in {"accepted", "held", "unknown"}


def test_five_refusals_in_a_row_open_the_breaker() -> None:
    breaker, opened = Breaker(), []
    for failed in (True, True, True, True, False, True, True, True, True, True):
        breaker.note(failed=failed)
        opened.append(breaker.is_open)
    assert opened == [False] * 9 + [True]


def test_a_resumed_broadcast_has_a_fresh_breaker() -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker.note(failed=True)
    breaker.reset()
    assert not breaker.is_open


@given(st.lists(st.booleans(), min_size=50, max_size=300))
def test_the_breaker_opens_exactly_above_a_fifth_of_the_last_hundred(failures: list[bool]) -> None:
    breaker = Breaker()
    for failed in failures:
        breaker.note(failed=failed)
    recent = failures[-100:]
    in_a_row = len(failures[-5:]) == 5 and all(failures[-5:])
    assert breaker.is_open == (in_a_row or sum(recent) > 0.2 * len(recent))


@given(st.lists(st.sets(st.integers(0, 5), min_size=1), min_size=1, max_size=100))
def test_nobody_who_waits_is_overtaken_twice_by_the_same(rounds: list[set[int]]) -> None:
    rotation: Rotation[int] = Rotation()
    overtaken: dict[int, list[int]] = {}
    for waiting in rounds:
        chosen = rotation.next(sorted(waiting))
        assert chosen in waiting
        for other in waiting - {chosen}:
            overtaken.setdefault(other, []).append(chosen)
            assert len(set(overtaken[other])) == len(overtaken[other])
        overtaken = {key: seen for key, seen in overtaken.items() if key in waiting and key != chosen}
