"""The fences behind B1 and B5, one rule in each test: without a clock, without processes, without HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from testing.broadcasts import addresses
from whatsapp.broadcasts import lifecycle
from whatsapp.models import Attempt, Broadcast, Recipient
from whatsapp.providers.base import SendOutcome, SendResult
from whatsapp.sending import claims, gates, results, sweeper, waves
from whatsapp.sending.claims import Departure, Stock
from whatsapp.sending.results import Landing
from whatsapp.sending.waves import Dispatch, Wave
from whatsapp.states import SkipReason

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LEASE = timedelta(seconds=5)
AFTER_THE_LEASE = NOW + claims.CLAIM_LEASE + timedelta(seconds=1)
REFUSED = SendResult(SendOutcome.SAFE_RETRY, text="The connection was refused.")


def claimed(broadcast: Broadcast, *, most: int = 1, now: datetime = NOW) -> Stock:
    """Rows that a process of its own has claimed."""
    stock = Stock()
    claims.claim(broadcast, stock, most=most, now=now)
    return stock


def depart(broadcast: Broadcast, stock: Stock, *, now: datetime = NOW) -> Sequence[Departure]:
    return claims.depart(broadcast, stock.rows, stock, now=now, lease=LEASE)


def the_row(departure: Departure) -> Recipient:
    return Recipient.objects.get(pk=departure.row.id)


def test_a_row_departs_with_its_attempt_on_record(broadcast: Broadcast) -> None:
    (departure,) = depart(broadcast, claimed(broadcast))
    row = the_row(departure)
    assert (row.status, row.attempt_id, row.attempt_no) == ("sending", departure.attempt_id, 1)
    assert (row.lease_until, row.next_attempt_at) == (NOW + LEASE, None)
    attempt = Attempt.objects.get()
    assert (attempt.pk, attempt.recipient_id, attempt.no) == (departure.attempt_id, row.pk, 1)
    assert (attempt.started_at, attempt.outcome) == (NOW, "in_flight")


def test_a_row_departs_once_however_often_its_process_tries(broadcast: Broadcast) -> None:
    stock = claimed(broadcast)
    (departure,) = depart(broadcast, stock)
    assert depart(broadcast, stock) == []
    assert (the_row(departure).attempt_id, Attempt.objects.count()) == (departure.attempt_id, 1)


def test_a_process_that_stalled_past_its_lease_sends_nothing(broadcast: Broadcast) -> None:
    stock = claimed(broadcast)
    lease_ends_at = NOW + claims.CLAIM_LEASE
    assert depart(broadcast, stock, now=lease_ends_at) == []
    assert Attempt.objects.count() == 0
    assert len(depart(broadcast, stock, now=lease_ends_at - timedelta(microseconds=1))) == 1


def test_a_stalled_process_leaves_a_row_alone_that_another_has_claimed(broadcast: Broadcast) -> None:
    stalled = claimed(broadcast)
    assert sweeper.sweep(AFTER_THE_LEASE) == 1
    other = claimed(broadcast, now=AFTER_THE_LEASE)
    assert stalled.rows[0].id == other.rows[0].id
    assert depart(broadcast, stalled, now=AFTER_THE_LEASE) == []
    (departure,) = depart(broadcast, other, now=AFTER_THE_LEASE)
    assert the_row(departure).attempt_id == departure.attempt_id
    assert depart(broadcast, stalled, now=AFTER_THE_LEASE) == []
    assert list(Attempt.objects.values_list("pk", flat=True)) == [departure.attempt_id]


def test_a_stalled_process_neither_frees_nor_skips_a_row_that_another_has_claimed(broadcast: Broadcast) -> None:
    stalled = claimed(broadcast)
    sweeper.sweep(AFTER_THE_LEASE)
    other = claimed(broadcast, now=AFTER_THE_LEASE)
    claims.skip(stalled.rows, stalled, SkipReason.OPTED_OUT)
    claims.postpone(stalled.rows, stalled, AFTER_THE_LEASE)
    claims.release(stalled)
    row = Recipient.objects.get(pk=other.rows[0].id)
    assert (row.status, row.lease_token, row.lease_until) == ("claimed", other.lease_token, other.lease_until)


def test_a_row_that_departed_is_not_given_back(broadcast: Broadcast) -> None:
    stock = claimed(broadcast)
    (departure,) = depart(broadcast, stock)
    claims.skip(stock.rows, stock, SkipReason.OPTED_OUT)
    claims.postpone(stock.rows, stock, NOW)
    claims.release(stock)
    assert the_row(departure).status == "sending"


def test_the_answer_to_an_older_attempt_changes_nothing(broadcast: Broadcast) -> None:
    (old,) = depart(broadcast, claimed(broadcast))
    Recipient.objects.filter(pk=old.row.id).update(status="pending", lease_until=None, lease_token=None)
    stock = claimed(broadcast, most=20)
    stock.rows = [row for row in stock.rows if row.id == old.row.id]
    (new,) = depart(broadcast, stock)
    results.record(broadcast, [Landing(old, REFUSED)], others_succeed=True, now=NOW)
    assert (the_row(new).status, the_row(new).attempt_id) == ("sending", new.attempt_id)
    assert Attempt.objects.get(pk=old.attempt_id).outcome == "rejected"

    results.record(broadcast, [Landing(new, REFUSED)], others_succeed=True, now=NOW)
    assert the_row(new).status == "retry_wait"


def test_an_answer_to_an_older_attempt_brings_no_message_id_to_a_row_that_was_reported(broadcast: Broadcast) -> None:
    (old,) = depart(broadcast, claimed(broadcast))
    Recipient.objects.filter(pk=old.row.id).update(status="delivered", attempt_id=None)
    accepted = SendResult(SendOutcome.ACCEPTED, message_id="wamid.1")
    results.record(broadcast, [Landing(old, accepted)], others_succeed=True, now=NOW)
    assert the_row(old).provider_message_id is None


def test_resuming_gives_the_broadcast_a_fresh_breaker(broadcast: Broadcast) -> None:
    dispatch = Dispatch(broadcast.pk, broadcast.business)
    assert isinstance(waves.depart_wave(dispatch, NOW), Wave)
    for _ in range(4):
        dispatch.breaker.note(failed=True)
    assert isinstance(waves.depart_wave(dispatch, NOW), waves.NothingDue)
    assert dispatch.breaker.in_a_row == 4  # looking again is no reason to forget

    lifecycle.pause(broadcast, now=NOW)
    lifecycle.resume(broadcast, now=NOW)
    waves.depart_wave(dispatch, NOW)
    assert (dispatch.breaker.in_a_row, len(dispatch.breaker.recent)) == (0, 0)


def test_sending_hours_by_each_persons_clock(broadcast: Broadcast) -> None:
    broadcast.send_from, broadcast.send_until, broadcast.window_zone = time(9), time(20), "recipient"
    israel, new_york, user_id = addresses(1)[0], "+12125550100", "US.13491208655302741918"
    assert gates.person_reachable_at(broadcast, israel, NOW) is None  # 11:00 there
    assert gates.person_reachable_at(broadcast, new_york, NOW) == NOW.replace(hour=14)  # 04:00 there
    late = NOW.replace(hour=19)  # 21:00 in Israel, 14:00 in New York
    assert gates.person_reachable_at(broadcast, israel, late) == NOW.replace(day=24, hour=7)
    assert gates.person_reachable_at(broadcast, new_york, late) is None
    assert gates.person_reachable_at(broadcast, user_id, late) == NOW.replace(day=24, hour=7)  # by the business's clock


def test_sending_hours_by_the_businesss_clock_keep_no_single_person_waiting(broadcast: Broadcast) -> None:
    broadcast.send_from, broadcast.send_until, broadcast.window_zone = time(9), time(20), "business"
    assert gates.person_reachable_at(broadcast, "+12125550100", NOW) is None
    broadcast.send_from, broadcast.window_zone = None, "recipient"
    assert gates.person_reachable_at(broadcast, "+12125550100", NOW) is None


def test_who_sleeps_waits_for_the_morning_and_the_others_leave(broadcast: Broadcast) -> None:
    Broadcast.objects.update(send_from=time(9), send_until=time(20), window_zone="recipient")
    sleeper = Recipient.objects.order_by("pk")[0]
    Recipient.objects.filter(pk=sleeper.pk).update(address="+12125550100")
    wave = waves.depart_wave(Dispatch(broadcast.pk, broadcast.business), NOW)
    assert isinstance(wave, Wave)
    assert len(wave.departures) == 19
    sleeper.refresh_from_db()
    assert (sleeper.status, sleeper.next_attempt_at, sleeper.lease_token) == ("retry_wait", NOW.replace(hour=14), None)
