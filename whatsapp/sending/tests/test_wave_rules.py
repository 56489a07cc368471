"""A wave: what leaves together and until when, new slots, its answers, and what they mean for broadcast and number."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testing.broadcasts import addresses, make_broadcast
from whatsapp.broadcasts import lifecycle
from whatsapp.models import Attempt, Broadcast, MessageTemplate, Recipient, Sender, Suppression
from whatsapp.providers.base import SendOutcome, SendResult
from whatsapp.providers.cloud.errors import refused
from whatsapp.sending import claims, gates, limiter, waves
from whatsapp.sending.pace import Slots
from whatsapp.sending.quota import PAIR_GAP
from whatsapp.sending.results import Landing
from whatsapp.sending.tempo import Tempo
from whatsapp.sending.waves import Dispatch, NothingDue, Rest, Stopped, Wave
from whatsapp.states import PauseReason

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
ACCEPTED, HELD = SendResult(SendOutcome.ACCEPTED), SendResult(SendOutcome.HELD)
NO_RULE = SendResult(SendOutcome.RETRY)
INVALID, UNREACHABLE = refused(400, {"code": 131009, "message": "bad"}), refused(400, {"code": 131026})


@pytest.fixture
def dispatch(broadcast: Broadcast) -> Dispatch:
    return Dispatch(broadcast.pk, broadcast.business)


def depart(dispatch: Dispatch, now: datetime = NOW) -> Wave:
    while isinstance(wave := waves.depart_wave(dispatch, now), Rest):
        time.sleep(wave.seconds)  # a quick machine has to wait for its slots
    assert isinstance(wave, Wave)
    return wave


def land(wave: Wave, results: Sequence[SendResult], now: datetime = NOW) -> None:
    """Let the first messages of a wave have these answers."""
    waves.land_wave(wave, [Landing(*pair) for pair in zip(wave.departures, results, strict=False)], now)


def counts() -> dict[str, int]:
    found: dict[str, int] = {}
    for status in Recipient.objects.values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


# Departing ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("mps", "size"),
    [(0.5, 1), (14.0, 1), (16.0, 2), (64.0, 5), (150.0, 6), (250.0, 12), (500.0, 47), (800.0, 120), (5_000.0, 150)],
)
def test_a_wave_is_a_handful_of_messages(mps: float, size: int) -> None:
    assert Tempo().size(mps) == size


def test_three_waves_are_claimed_at_once_and_leave_one_after_the_other(dispatch: Dispatch) -> None:
    Sender.objects.update(max_mps=50.0)
    wave = depart(dispatch)
    assert (len(wave.departures), len(dispatch.stock.rows)) == (5, 10)
    assert counts() == {"sending": 5, "claimed": 10, "pending": 5}
    assert [departure.row.id for departure in wave.departures] == sorted(
        Recipient.objects.filter(status="sending").values_list("pk", flat=True)
    )


def test_the_lease_lasts_for_two_requests_and_a_slot_and_no_message_leaves_after_one(
    dispatch: Dispatch, settings: Any
) -> None:
    settings.WHATSAPP_TIMEOUT_S = 10
    before = time.monotonic()
    wave = depart(dispatch)
    assert set(Recipient.objects.values_list("lease_until", flat=True)) == {NOW + timedelta(seconds=22)}
    assert before + 12 <= wave.deadline <= time.monotonic() + 12
    assert wave.opened_at == pytest.approx(wave.deadline - 12)


def test_messages_that_leave_are_taken_from_what_the_limit_leaves(dispatch: Dispatch) -> None:
    Sender.objects.update(messaging_limit=50_000)
    depart(dispatch)
    assert dispatch.gauge.left == 50_000 - 20


def test_a_message_has_its_attempt_and_its_person_s_values(dispatch: Dispatch) -> None:
    wave = depart(dispatch)
    first = wave.departures[0]
    message = wave.message(first)
    assert (message.attempt_id, message.address, message.is_phone) == (first.attempt_id, first.row.address, True)
    assert (message.params, message.template) == ({"first_name": "Dana"}, wave.template)


def test_without_a_free_slot_nothing_is_changed(dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch) -> None:
    limiter.limiter().slow_down(dispatch.business.senders.get(), 60.0, NOW.timestamp())
    step = waves.depart_wave(dispatch, NOW)
    assert isinstance(step, Rest)
    assert 59.0 < step.seconds <= 61.0
    assert dispatch.stock.rows == []
    assert counts() == {"pending": 20}


def test_with_nothing_due_nothing_is_changed(dispatch: Dispatch) -> None:
    Recipient.objects.update(status="retry_wait", next_attempt_at=NOW + MOMENT)
    assert waves.depart_wave(dispatch, NOW) == NothingDue()
    assert isinstance(waves.depart_wave(dispatch, NOW + MOMENT), Wave)


def test_rows_whose_lease_is_about_to_end_are_claimed_anew(dispatch: Dispatch) -> None:
    Sender.objects.update(max_mps=50.0)
    depart(dispatch)
    token = dispatch.stock.lease_token
    depart(dispatch, NOW + claims.CLAIM_LEASE - timedelta(seconds=1))
    assert dispatch.stock.lease_token == token
    depart(dispatch, NOW + claims.CLAIM_LEASE - timedelta(seconds=0.8))  # when the number has slots again
    assert dispatch.stock.lease_token != token
    assert counts() == {"sending": 15, "claimed": 5}


@pytest.mark.parametrize("status", ["paused", "cancelling", "completed"])
def test_a_broadcast_that_stopped_gives_its_rows_back(dispatch: Dispatch, status: str) -> None:
    Sender.objects.update(max_mps=50.0)
    depart(dispatch)
    Broadcast.objects.update(status=status)
    assert waves.depart_wave(dispatch, NOW) == Stopped()
    assert counts() == {"sending": 5, "pending": 15}
    assert dispatch.stock.rows == []


def test_a_broadcast_that_must_pause_gives_its_rows_back(dispatch: Dispatch) -> None:
    Sender.objects.update(max_mps=50.0)
    depart(dispatch)
    MessageTemplate.objects.update(status="PAUSED")
    assert waves.depart_wave(dispatch, NOW) == Stopped()
    assert counts() == {"sending": 5, "pending": 15}
    assert Broadcast.objects.get().pause_reason == PauseReason.TEMPLATE


def test_unreadable_credentials_pause_the_broadcast(dispatch: Dispatch) -> None:
    Sender.objects.update(encrypted_credentials="nothing that can be read")
    assert waves.depart_wave(dispatch, NOW) == Stopped()
    broadcast = Broadcast.objects.get()
    assert (broadcast.status, broadcast.pause_reason, broadcast.cause) == (
        "paused",
        "account",
        "credentials_unreadable",
    )


def test_a_process_that_ends_gives_its_rows_back(dispatch: Dispatch) -> None:
    Sender.objects.update(max_mps=50.0)
    depart(dispatch)
    waves.give_back(dispatch)
    assert counts() == {"sending": 5, "pending": 15}


def test_who_opted_out_is_skipped_and_who_gets_another_message_waits_for_it(
    sender: Sender, template: MessageTemplate, dispatch: Dispatch
) -> None:
    out, busy, both = addresses(3)
    for address in (out, both):
        Suppression.objects.create(business=dispatch.business, address=address, category="all", created_at=NOW)
    other = make_broadcast(sender, template, [busy, both], status="paused")
    Recipient.objects.filter(broadcast=other).update(status="sending", lease_until=NOW)
    assert len(depart(dispatch).departures) == 17
    rows = {row.address: row for row in Recipient.objects.filter(broadcast=dispatch.broadcast_id)}
    assert [(rows[one].status, rows[one].skip_reason) for one in (out, both)] == [("skipped", "opted_out")] * 2
    assert (rows[busy].status, rows[busy].next_attempt_at) == ("retry_wait", NOW + PAIR_GAP)


def test_the_end_of_a_broadcast_is_noticed_once_nothing_is_open(dispatch: Dispatch) -> None:
    assert waves.complete_if_done(dispatch, NOW) is False
    Recipient.objects.update(status="delivered")
    assert waves.complete_if_done(dispatch, NOW) is True
    assert Broadcast.objects.get().completed_at == NOW
    Broadcast.objects.all().delete()
    assert waves.complete_if_done(dispatch, NOW) is False


# New slots ----------------------------------------------------------------------------------------------------------
def test_new_slots_are_for_a_broadcast_that_runs_or_paused_because_these_messages_use_a_limit_up(
    dispatch: Dispatch,
) -> None:
    wave = depart(dispatch)

    def may_go_on(status: str, why: str = "") -> bool:
        Broadcast.objects.update(status=status, pause_reason=why)
        return isinstance(waves.new_slots(wave, 3, NOW + timedelta(seconds=9)), Slots)

    assert may_go_on("running")
    assert may_go_on("paused", "quota_24h")
    assert may_go_on("paused", "canary_review")
    assert may_go_on("paused", "day_limit")
    assert not may_go_on("paused", "user")
    assert not may_go_on("paused", "template")
    assert not may_go_on("cancelling")
    Broadcast.objects.all().delete()
    assert isinstance(waves.new_slots(wave, 3, NOW + timedelta(seconds=18)), Slots), "nobody has stopped it"


# Landing ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("result", "in_a_row"),
    [(ACCEPTED, 0), (HELD, 0), (INVALID, 3), (UNREACHABLE, 2), (SendResult(SendOutcome.RETRY), 2)],
)
def test_the_breaker_counts_what_speaks_against_the_broadcast(
    dispatch: Dispatch, result: SendResult, in_a_row: int
) -> None:
    dispatch.epoch = dispatch.breaker.in_a_row = 0
    wave = depart(dispatch)
    dispatch.breaker.in_a_row = 2
    land(wave, [result])
    assert dispatch.breaker.in_a_row == in_a_row
    assert len(dispatch.breaker.recent) == (0 if in_a_row == 2 else 1)


def test_five_refusals_in_a_row_pause_the_broadcast_for_the_last_of_them(dispatch: Dispatch) -> None:
    wave = depart(dispatch)
    land(wave, [INVALID] * 4)
    assert Broadcast.objects.get().status == "running"
    last = refused(400, {"code": 131008, "message": "missing"})
    waves.land_wave(
        wave, [Landing(wave.departures[4], last), Landing(wave.departures[5], SendResult(SendOutcome.UNKNOWN))], NOW
    )
    broadcast = Broadcast.objects.get()
    assert (broadcast.status, broadcast.pause_reason) == ("paused", "error_burst")
    assert broadcast.cause_data["code"] == "131008"


@pytest.mark.parametrize("result", [ACCEPTED, HELD])
def test_an_accepted_message_shows_that_a_blocked_number_works_again(dispatch: Dispatch, result: SendResult) -> None:
    Sender.objects.update(health="blocked", cause="other", cause_data={"text": "Reconnect it."})
    other = Sender.objects.create(
        business=dispatch.business, provider="cloud", number_id="1056", account_id="2077", health="blocked"
    )
    wave = depart(dispatch)
    land(wave, [UNREACHABLE])
    assert wave.broadcast.sender.health == "blocked"
    assert Sender.objects.get(pk=wave.broadcast.sender_id).health == "blocked"
    waves.land_wave(wave, [Landing(wave.departures[1], result), Landing(wave.departures[2], UNREACHABLE)], NOW)
    sender = Sender.objects.get(pk=wave.broadcast.sender_id)
    assert (sender.health, sender.cause, sender.cause_data) == ("ready", "", {})
    other.refresh_from_db()
    assert other.health == "blocked"


def test_answers_that_are_kept_one_by_one_are_each_counted_once(dispatch: Dispatch) -> None:
    wave = depart(dispatch)
    found = [SendResult(SendOutcome.ACCEPTED, message_id=f"wamid.{number}") for number in range(3)]
    twin = replace(found[2], text="a\0b")
    waves.land_singly(wave, [Landing(*pair) for pair in zip(wave.departures, [*found, twin], strict=False)], NOW)
    assert list(dispatch.breaker.recent) == [False] * 4
    attempts = {attempt.pk: attempt.provider_message_id for attempt in Attempt.objects.all()}
    assert [attempts[departure.attempt_id] for departure in wave.departures[:4]] == [
        "wamid.0",
        "wamid.1",
        "wamid.2",
        "",
    ]


def test_a_refusal_of_the_template_pauses_unless_only_one_person_s_values_are_wrong(dispatch: Dispatch) -> None:
    values = refused(400, {"code": 132012})
    wave = depart(dispatch)
    land(wave, [values, ACCEPTED])
    assert Broadcast.objects.get().status == "running"
    assert Recipient.objects.get(pk=wave.departures[0].row.id).status == "failed"
    waves.land_wave(wave, [Landing(wave.departures[2], values)], NOW)
    assert Broadcast.objects.get().status == "running", "somebody got it before"
    Recipient.objects.filter(status="accepted").update(status="unknown")
    waves.land_wave(wave, [Landing(wave.departures[3], values)], NOW)
    broadcast = Broadcast.objects.get()
    assert (broadcast.status, broadcast.pause_reason) == ("paused", "template")
    assert Recipient.objects.get(pk=wave.departures[3].row.id).status == "pending"


def test_a_held_message_counts_as_one_that_others_got(dispatch: Dispatch) -> None:
    land(depart(dispatch), [refused(400, {"code": 132012}), HELD])
    assert Broadcast.objects.get().status == "running"


def test_messages_of_another_broadcast_prove_nothing_for_the_template(
    sender: Sender, template: MessageTemplate, dispatch: Dispatch
) -> None:
    make_broadcast(sender, template, addresses(1, start=50), status="completed")
    Recipient.objects.exclude(broadcast=dispatch.broadcast_id).update(status="delivered")
    land(depart(dispatch), [refused(400, {"code": 132012})])
    assert Broadcast.objects.get(pk=dispatch.broadcast_id).pause_reason == "template"


def test_a_throttled_wave_slows_its_number_down_once(dispatch: Dispatch) -> None:
    wave = depart(dispatch)
    sender = wave.broadcast.sender
    land(wave, [replace(refused(429, {"code": 130429}), retry_after_s=30.0)] * 3)
    assert Broadcast.objects.get().status == "running"
    assert limiter.limiter().reserve(sender, 1, NOW.timestamp() + 29.0).count == 0
    slots = limiter.limiter().reserve(sender, 1, NOW.timestamp() + 31.0)
    assert slots.interval >= 1.7 / (limiter.most_alone(sender) * 0.97), "half the rate, and three steps of recovery"


def test_a_refusal_without_a_rule_changes_nothing_for_the_others(dispatch: Dispatch) -> None:
    wave = depart(dispatch)
    land(wave, [SendResult(outcome) for outcome in (SendOutcome.THROTTLED, SendOutcome.CHANNEL_WIDE)])
    assert Broadcast.objects.get().status == "running"
    assert Recipient.objects.get(pk=wave.departures[1].row.id).status == "pending"
    assert lifecycle.complete_if_done(wave.broadcast, now=NOW) is False
    assert gates.closed(wave.broadcast, NOW) is None
