"""Connecting, trying again, giving up, renewing."""

import pytest

from calls.conversation.link import (
    COVERED_TIMEOUT_S,
    FIRST_CONNECT_TIMEOUT_S,
    GIVE_UP_S,
    LONGEST_RETRY_S,
    RETRY_S,
    SHORTEST_TIMEOUT_S,
    Link,
    LinkStep,
)

pytestmark = pytest.mark.pure


def step(link: Link, at: float, *, hears: bool = False, idle: bool = True) -> LinkStep:
    return link.step(at, caller_hears=hears, is_idle=idle)


def connecting(at: float = 0.0) -> Link:
    link = Link()
    link.connecting(at, caller_hears=False)
    return link


def test_a_lost_line_is_tried_again_at_once() -> None:
    link = connecting()
    assert link.timeout_s == FIRST_CONNECT_TIMEOUT_S
    link.lost(1.0, "closed", permanent=False)
    assert step(link, 1.0) is LinkStep.CONNECT


def test_the_caller_is_handed_over_within_two_seconds_of_a_known_failure() -> None:
    link, now = connecting(), 4.0
    link.lost(now, "timeout", permanent=False)
    while (found := step(link, now)) is not LinkStep.GIVE_UP:
        if found is LinkStep.CONNECT:
            link.connecting(now, caller_hears=False)
            now += link.timeout_s  # every attempt hangs as long as it may
            link.lost(now, "timeout", permanent=False)
        now += 0.01
    assert GIVE_UP_S <= now - 4.0 <= 2.0


def test_a_hopeless_line_is_given_up_at_once() -> None:
    link = connecting()
    link.lost(0.2, "http_401", permanent=True)
    assert step(link, 0.2) is LinkStep.GIVE_UP


def test_while_the_caller_hears_something_there_is_time_to_go_on_trying() -> None:
    link = connecting()
    link.lost(0.2, "http_500", permanent=False)
    link.connecting(0.2, caller_hears=True)
    link.lost(3.0, "http_500", permanent=False)
    assert step(link, 3.0, hears=True) is LinkStep.NOTHING
    assert step(link, 6.0, hears=True) is LinkStep.CONNECT
    assert step(link, 6.0, hears=False) is LinkStep.GIVE_UP


def test_a_hopeless_line_waits_for_the_greeting_to_end() -> None:
    link = connecting()
    link.lost(0.2, "insufficient_quota", permanent=True)
    assert step(link, 5.0, hears=True) is LinkStep.NOTHING
    assert step(link, 6.0, hears=False) is LinkStep.GIVE_UP


def test_a_session_is_renewed_in_a_quiet_moment_before_it_expires() -> None:
    link = connecting()
    link.ready(0.5, lifetime_s=3600)
    assert link.deadlines()[0] == 0.5 + 3300
    assert step(link, 3000) is LinkStep.NOTHING
    assert step(link, 3301, idle=False) is LinkStep.NOTHING
    assert step(link, 3302) is LinkStep.CONNECT


def test_a_short_session_is_renewed_before_its_end() -> None:
    link = connecting()
    link.ready(0.0, lifetime_s=10)
    assert link.deadlines()[0] == 9.0


def test_success_forgets_the_failures() -> None:
    link = connecting()
    link.lost(1.0, "closed", permanent=False)
    link.connecting(1.0, caller_hears=False)
    link.ready(1.3, lifetime_s=None)
    link.lost(60.0, "closed", permanent=False)
    assert step(link, 60.0) is LinkStep.CONNECT
    assert link.down_since == 60.0


def failing(times: int, at: float = 1.0) -> Link:
    """Every attempt failed at once, at the same moment, until now."""
    link = connecting()
    link.lost(at, "http_500", permanent=False)
    for _ in range(times - 1):
        link.connecting(at, caller_hears=True)
        link.lost(at, "http_500", permanent=False)
    return link


def test_attempts_are_counted_from_one_until_one_succeeds() -> None:
    link, attempts = Link(), []
    for _ in range(3):
        link.connecting(0.0, caller_hears=True)
        attempts.append(link.attempt)
        link.lost(0.0, "http_500", permanent=False)
    link.connecting(0.0, caller_hears=True)
    link.ready(0.0, lifetime_s=None)
    link.lost(9.0, "closed", permanent=False)
    link.connecting(9.0, caller_hears=True)
    assert [*attempts, link.attempt] == [1, 2, 3, 1]


@pytest.mark.parametrize(("failures", "pause_s"), [(1, 0.0), (2, RETRY_S * 1.5), (3, RETRY_S * 2.25), (9, 2.0)])
def test_each_retry_waits_half_as_long_again_and_never_more_than_two_seconds(failures: int, pause_s: float) -> None:
    assert LONGEST_RETRY_S == 2.0
    link = failing(failures)
    assert link.deadlines()[0] == pytest.approx(1.0 + pause_s)
    assert step(link, 1.0 + pause_s + 1e-6, hears=True) is LinkStep.CONNECT
    if pause_s:
        assert step(link, 1.0 + pause_s - 0.01, hears=True) is LinkStep.NOTHING


@pytest.mark.parametrize(
    ("waited_s", "hears", "timeout_s"),
    [
        (0.0, False, GIVE_UP_S),
        (0.7, False, GIVE_UP_S - 0.7),
        (1.5, False, SHORTEST_TIMEOUT_S),
        (0.0, True, COVERED_TIMEOUT_S),
        (9.0, True, COVERED_TIMEOUT_S),
    ],
)
def test_an_attempt_may_last_as_long_as_the_caller_may_still_wait(
    waited_s: float, hears: bool, timeout_s: float
) -> None:
    link = failing(1)
    link.connecting(1.0 + waited_s, caller_hears=hears)
    assert link.timeout_s == pytest.approx(timeout_s)


def test_a_renewal_may_take_as_long_as_the_first_connection() -> None:
    link = failing(1)
    link.connecting(1.0, caller_hears=False)
    link.ready(1.2, lifetime_s=60)
    link.connecting(55.2, caller_hears=False)
    assert link.timeout_s == FIRST_CONNECT_TIMEOUT_S
    assert link.deadlines()[0] is None


def test_nothing_is_decided_before_the_call_nor_while_an_attempt_is_under_way() -> None:
    assert step(Link(), 60.0) is LinkStep.NOTHING
    assert step(connecting(), 60.0) is LinkStep.NOTHING
    link = failing(1)
    link.connecting(1.0, caller_hears=False)
    assert step(link, 60.0) is LinkStep.NOTHING, "`ready` or `lost` will follow"


def test_the_caller_who_hears_nothing_is_given_up_on_from_the_exact_moment() -> None:
    link = failing(2, at=0.0)
    assert step(link, GIVE_UP_S - 0.001) is LinkStep.CONNECT
    assert step(link, GIVE_UP_S) is LinkStep.GIVE_UP
