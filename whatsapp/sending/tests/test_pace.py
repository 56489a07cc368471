"""Slots in time: never more than the rate, never starved, the same from every place where the pace is kept."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing import services
from whatsapp.models import Sender
from whatsapp.sending import pace
from whatsapp.sending.limiter import DatabaseLimiter, Limiter, RedisLimiter
from whatsapp.sending.pace import CHAT_S, HORIZON_S, MARGIN, NO_COMPLAINT_S, Pace, ceiling, rate_at, reserve, slow_down

rates = st.floats(0.5, 1000)


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with services.redis() as url:
        yield url


asks = st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 100)), min_size=1, max_size=60)


@given(rates, asks)
def test_no_second_holds_more_slots_than_the_rate(rate: float, asks: list[tuple[float, int]]) -> None:
    state, now, moments = Pace(), 1000.0, []
    for gap, wanted in asks:
        now += gap
        state, slots = reserve(state, rate, wanted, now)
        assert slots.count <= wanted
        assert all(now <= slots.at(index) <= now + pace.HORIZON_S + 1e-6 for index in range(slots.count))
        moments += [slots.at(index) for index in range(slots.count)]
    assert moments == sorted(moments)
    for first in moments:
        assert sum(first <= moment < first + 1.0 for moment in moments) <= rate * MARGIN + 1


@given(rates, st.integers(1, 100), st.integers(1, 5))
def test_processes_that_keep_asking_get_the_whole_rate(rate: float, wanted: int, processes: int) -> None:
    state, handed_out, last = Pace(), 0, 0.0
    waiting = [0.0] * processes
    while min(waiting) < 20.0:
        who = waiting.index(min(waiting))
        now = waiting[who]
        state, slots = reserve(state, rate, wanted, now)
        handed_out += slots.count
        last = max(last, slots.at(slots.count)) if slots.count else last
        waiting[who] = now + (slots.wait_s + 1e-4 if not slots.count else 0.001)
    assert handed_out >= min(last, 20.0) * rate * MARGIN * 0.98 - 1


def keep_asking(state: Pace, rate: float, since: float, until: float, wanted: int = 10) -> tuple[Pace, list[float]]:
    """Take slots as a process does that always has messages, on a number of 1.25 times this rate. Returns them."""
    now, moments = since, list[float]()
    while now < until:
        state, slots = reserve(state, rate, wanted, now, most_alone=1.25 * rate)
        moments += [slots.at(index) for index in range(slots.count)]
        now += slots.wait_s + 1e-4
    return state, moments


def most_in_a_second(moments: list[float]) -> int:
    """Returns how many of these moments, in order, the fullest second holds."""
    return max((bisect_left(moments, first + 1.0) - place for place, first in enumerate(moments)), default=0)


@given(st.floats(20, 800), st.integers(1, 100))
def test_while_nobody_chats_broadcasts_have_the_whole_number(rate: float, wanted: int) -> None:
    _state, moments = keep_asking(Pace(), rate, 1000.0, 1003.0, wanted)
    assert len(moments) >= 3.0 * 1.25 * rate * MARGIN * 0.98 - 1
    assert most_in_a_second(moments) <= 1.25 * rate * MARGIN + 1.001, "and a chat's first message still has room"


@given(st.floats(20, 800), st.floats(0.0, 1.0), st.integers(1, 100))
def test_a_message_of_a_chat_has_its_fifth_at_once(rate: float, begins: float, wanted: int) -> None:
    chatted_at = 1001.0 + begins
    state, before = keep_asking(Pace(), rate, 1000.0, chatted_at, wanted)
    _state, after = keep_asking(pace.chat(state, chatted_at), rate, chatted_at, chatted_at + 3.0, wanted)
    since = [moment for moment in before + after if moment >= chatted_at]
    left_over = 0.25 * rate * MARGIN * HORIZON_S  # what was handed out before, above the share
    assert most_in_a_second(since) <= rate * MARGIN + left_over + 2
    assert most_in_a_second([moment for moment in since if moment > chatted_at + HORIZON_S]) <= rate * MARGIN + 1.001


@given(rates, st.floats(-3600, 3600))
def test_the_fifth_comes_back_a_minute_after_the_last_message(rate: float, later_s: float) -> None:
    state = pace.chat(Pace(), 100_000.0)
    limit = pace.limit_at(state, rate, 1.25 * rate, 100_000.0 + later_s)
    assert limit == (rate if later_s < CHAT_S else 1.25 * rate), "also by a clock that has been set back"


@given(rates, st.floats(0, 2 * NO_COMPLAINT_S))
def test_a_number_that_was_too_fast_keeps_to_its_share_for_an_hour(rate: float, later_s: float) -> None:
    state = slow_down(Pace(), rate, 100_000.0, 5.0, most_alone=1.25 * rate)
    limit = pace.limit_at(state, rate, 1.25 * rate, 100_000.0 + later_s)
    assert limit == (rate if later_s < NO_COMPLAINT_S else 1.25 * rate)
    assert rate_at(state, limit, 100_000.0) == pytest.approx(max(pace.LOWEST_MPS, 0.625 * rate))


@given(st.floats(0.5, 1000), st.one_of(st.none(), st.floats(1, 1000)))
def test_the_owners_limit_holds_also_while_nobody_chats(owner: float, channel: float | None) -> None:
    assert ceiling(owner, channel) <= ceiling(owner, channel, share=1.0) <= owner


@pytest.mark.parametrize("kind", ["database", "redis"])
def test_every_place_knows_of_chats(sender: Sender, redis_url: str, kind: str) -> None:
    kept: Limiter = DatabaseLimiter() if kind == "database" else RedisLimiter(redis_url)
    now = time.time()
    alone = kept.reserve(sender, 1, now)
    kept.chat(sender, now)
    kept.chat(sender, now + 0.1)
    chatting = kept.reserve(sender, 1, now + 0.2)
    assert chatting.interval == pytest.approx(1.25 * alone.interval)


@given(rates, st.floats(1, 60))
def test_throttling_halves_the_rate_and_hands_out_nothing_for_a_while(rate: float, wait_s: float) -> None:
    state = slow_down(Pace(), rate, 100.0, wait_s)
    assert rate_at(state, rate, 100.0) == pytest.approx(max(pace.LOWEST_MPS, rate / 2))
    _, slots = reserve(state, rate, 1, 100.0)
    assert slots.count == 0 or slots.start >= 100.0 + wait_s


@given(rates, st.floats(10, 86_400), st.floats(0, 60))
def test_a_clock_that_is_set_back_stops_nobody_for_more_than_seconds(rate: float, back_s: float, rest_s: float) -> None:
    now = 100_000.0
    state, _slots = reserve(Pace(), rate, 10, now)
    rested = slow_down(state, rate, now, rest_s)
    longest_s = pace.HORIZON_S + 1 / (MARGIN * max(min(pace.LOWEST_MPS, rate), rate * pace.LOWEST_SHARE))
    for left in (state, rested):
        _, slots = reserve(left, rate, 1, now - back_s)
        assert slots.count or slots.wait_s <= longest_s


@given(rates, st.floats(0, 3600), st.floats(0, 3600))
def test_a_rest_is_kept_however_long_it_is(rate: float, rest_s: float, later_s: float) -> None:
    state = slow_down(Pace(), rate, 100.0, rest_s)
    _, slots = reserve(state, rate, 1, 100.0 + later_s)
    assert slots.count == 0 or slots.start >= 100.0 + rest_s


def test_complaints_about_one_burst_count_once() -> None:
    state = slow_down(Pace(), 80.0, 100.0, 5.0)
    assert rate_at(slow_down(state, 80.0, 101.0, 5.0), 80.0, 101.0) == 40.0
    assert rate_at(slow_down(state, 80.0, 106.0, 5.0), 80.0, 106.0) == 20.0


def test_complaints_without_end_leave_a_pace_that_goes_on() -> None:
    state = Pace()
    for minute in range(60):
        state = slow_down(state, 80.0, minute * 7.0, 5.0)
    assert rate_at(state, 80.0, 59 * 7.0) == 5.0


def test_a_number_that_is_connected_anew_begins_at_its_full_pace(sender: Sender, redis_url: str) -> None:
    limiters: list[Limiter] = [DatabaseLimiter(), RedisLimiter(redis_url)]
    for kept in limiters:
        kept.slow_down(sender, 0.0, 1050.0)
        slowed = kept.reserve(sender, 10, 1051.0)
        kept.forget(sender)
        assert kept.reserve(sender, 10, 1060.0).interval == pytest.approx(slowed.interval / 2)


def test_the_rate_grows_back_by_five_percent_for_every_clean_ten_seconds() -> None:
    state = slow_down(Pace(), 80.0, 0.0, 5.0)
    grown = [round(rate_at(state, 80.0, seconds), 3) for seconds in (9.9, 10.0, 20.0, 100.0, 200.0)]
    assert grown == [40.0, 42.0, 44.1, 65.156, 80.0]


@pytest.mark.parametrize(
    ("owner", "channel", "expected"),
    [(None, 80, 64), (80, 1000, 80), (80, 80, 64), (10, 80, 10), (None, None, 64), (80, None, 80), (None, 1000, 800)],
)
def test_the_smaller_of_the_owners_limit_and_80_percent_of_the_channel_holds(
    owner: float | None, channel: float | None, expected: float
) -> None:
    assert ceiling(owner, channel) == expected


def test_the_database_keeps_the_pace_between_askers(sender: Sender) -> None:
    first = DatabaseLimiter().reserve(sender, 100, 1050.0)
    second = DatabaseLimiter().reserve(sender, 100, 1050.0)
    assert first.count == 100
    assert first.interval == pytest.approx(1 / (1250.0 * MARGIN)), "nobody chats"
    assert second.start == pytest.approx(100 * first.interval)
    DatabaseLimiter().slow_down(sender, 5.0, 1050.0)
    assert DatabaseLimiter().reserve(sender, 1, 1050.0).count == 0


@pytest.mark.parametrize("seed", range(5))
def test_redis_and_the_pure_rule_agree(sender: Sender, redis_url: str, seed: int) -> None:
    shared, state = RedisLimiter(redis_url), Pace()
    for step in range(40):
        now, wanted = 1000.0 + step * 0.13, 1 + (step * (seed + 3)) % 40
        if step > 30:  # the clock is set back
            now -= 600.0
        if step % 17 == 16:
            shared.run(sender, "slow_down", 2.0, at=now)
            state = slow_down(state, 1000.0, now, 2.0, most_alone=1250.0)
        if step == 5 + seed:
            shared.run(sender, "chat", 0, at=now)
            state = pace.chat(state, now)
        state, expected = reserve(state, 1000.0, wanted, now, most_alone=1250.0)
        got = shared.run(sender, "reserve", wanted, at=now)
        assert got.count == expected.count
        assert got.start == pytest.approx(expected.start - now, abs=1e-5)
        assert got.wait_s == pytest.approx(expected.wait_s, abs=1e-5)
