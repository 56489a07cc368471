"""What an answer changes: its own row and attempt, its broadcast, its number, other broadcasts of both."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from businesses.models import Business
from businesses.tenancy import acting_for
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template
from whatsapp.models import Attempt, Broadcast, MessageTemplate, Recipient, Sender, Suppression
from whatsapp.providers.base import PauseScope, SendOutcome, SendResult
from whatsapp.providers.cloud.errors import refused, rule_for
from whatsapp.reasons import Cause, reason
from whatsapp.sending import claims, consequences, results, sweeper
from whatsapp.sending.claims import Departure, Stock
from whatsapp.sending.limiter import DatabaseLimiter
from whatsapp.sending.results import Landing
from whatsapp.states import PauseReason, RecipientStatus

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=3)
MOMENT = timedelta(microseconds=1)
WHY = reason(Cause.OTHER, text="Locked")


def departed(broadcast: Broadcast, count: int = 1) -> list[Departure]:
    stock = Stock()
    claims.claim(broadcast, stock, most=count, now=NOW)
    return claims.depart(broadcast, stock.rows, stock, now=NOW, lease=timedelta(seconds=5))


def landed(broadcast: Broadcast, result: SendResult, *, before: str = "sending", others: bool = True) -> Recipient:
    """Returns a row after its answer; `before` is its state when that comes."""
    (departure,) = departed(broadcast)
    Recipient.objects.filter(pk=departure.row.id).update(status=before)
    results.record(broadcast, [Landing(departure, result)], others_succeed=others, now=LATER)
    return Recipient.objects.get(pk=departure.row.id)


# The row ----------------------------------------------------------------------------------------------------------
def test_an_acceptance_is_kept_with_its_time_and_id(broadcast: Broadcast) -> None:
    for outcome, status in ((SendOutcome.ACCEPTED, "accepted"), (SendOutcome.HELD, "held")):
        row = landed(broadcast, SendResult(outcome, message_id=f"wamid.{status}"))
        assert (row.status, row.accepted_at, row.provider_message_id) == (status, LATER, f"wamid.{status}")
        assert (row.failed_at, row.error_class, row.lease_token, row.lease_until) == (None, "", None, None)


def test_a_failure_is_kept_with_its_time_and_as_much_of_its_reason_as_fits(broadcast: Broadcast) -> None:
    row = landed(broadcast, SendResult(SendOutcome.PERMANENT, code="1" * 30, text="x" * 600))
    assert (row.status, row.failed_at, row.accepted_at, row.provider_message_id) == ("failed", LATER, None, None)
    assert (row.error_code, row.error_class, row.error_text) == ("1" * 20, "permanent", "x" * 500)


def test_the_second_attempt_waits_longer_than_the_first(broadcast: Broadcast) -> None:
    unsent = SendResult(SendOutcome.SAFE_RETRY)
    row = landed(broadcast, unsent)
    assert row.next_attempt_at is not None
    assert timedelta(seconds=1) <= row.next_attempt_at - LATER <= timedelta(seconds=1.2)
    Recipient.objects.exclude(pk=row.pk).update(status="delivered")
    Recipient.objects.filter(pk=row.pk).update(next_attempt_at=NOW)
    row = landed(broadcast, unsent)
    assert row.next_attempt_at is not None
    assert timedelta(seconds=2) <= row.next_attempt_at - LATER <= timedelta(seconds=2.4)
    assert row.attempt_no == 2


def test_a_refusal_for_a_passing_reason_is_counted_in_the_row(broadcast: Broadcast) -> None:
    row = landed(broadcast, refused(500, {"code": 131000}))
    assert (row.status, row.refusals, row.error_code) == ("retry_wait", 1, "131000")


def test_a_report_that_was_faster_gets_the_id_of_the_answer_unless_it_has_one(broadcast: Broadcast) -> None:
    accepted = SendResult(SendOutcome.ACCEPTED, message_id="wamid.1")
    row = landed(broadcast, accepted, before="delivered")
    assert (row.status, row.provider_message_id, row.accepted_at) == ("delivered", "wamid.1", LATER)
    (departure,) = departed(broadcast)
    Recipient.objects.filter(pk=departure.row.id).update(status="read", provider_message_id="wamid.2")
    results.record(broadcast, [Landing(departure, accepted)], others_succeed=True, now=LATER)
    assert Recipient.objects.get(pk=departure.row.id).provider_message_id == "wamid.2"
    assert landed(broadcast, SendResult(SendOutcome.UNKNOWN), before="failed").accepted_at is None


def test_answers_of_a_running_broadcast_leave_it_as_it_is(broadcast: Broadcast) -> None:
    landed(broadcast, SendResult(SendOutcome.SAFE_RETRY), before="unknown")
    landed(broadcast, SendResult(SendOutcome.ACCEPTED, message_id="wamid.1"), before="unknown")
    assert broadcast.events.count() == 0


def test_in_a_completed_broadcast_only_a_late_answer_that_frees_a_row_opens_it_again(broadcast: Broadcast) -> None:
    Broadcast.objects.update(status="completed")
    for result in (SendResult(SendOutcome.ACCEPTED, message_id="wamid.1"), SendResult(SendOutcome.PERMANENT)):
        landed(broadcast, result, before="unknown")
        assert Broadcast.objects.get().status == "completed"
    assert landed(broadcast, SendResult(SendOutcome.SAFE_RETRY), before="unknown").status == "retry_wait"
    assert Broadcast.objects.get().status == "running"


# The attempt ------------------------------------------------------------------------------------------------------
def test_the_attempt_keeps_what_the_provider_said(broadcast: Broadcast) -> None:
    answers = [
        (SendResult(SendOutcome.ACCEPTED, message_id="wamid.1", http_status=200), "accepted", None),
        (SendResult(SendOutcome.HELD, message_id="wamid.2", http_status=200), "accepted", None),
        (SendResult(SendOutcome.UNKNOWN, text="lost"), "unknown", {"class": "unknown", "text": "lost"}),
        (SendResult(SendOutcome.RETRY, http_status=500, error={"code": 1}), "rejected", {"code": 1}),
    ]
    departures = departed(broadcast, 5)
    landings = [Landing(one, answer[0]) for one, answer in zip(departures, answers, strict=False)]
    results.record(broadcast, landings, others_succeed=True, now=LATER)
    for departure, (result, outcome, error) in zip(departures, answers, strict=False):
        kept = Attempt.objects.get(pk=departure.attempt_id)
        assert (kept.outcome, kept.finished_at, kept.http_status) == (outcome, LATER, result.http_status)
        assert (kept.provider_message_id, kept.error) == (result.message_id, error)
    under_way = Attempt.objects.get(pk=departures[4].attempt_id)
    assert (under_way.outcome, under_way.finished_at) == ("in_flight", None)


# The person -------------------------------------------------------------------------------------------------------
def test_only_who_stopped_marketing_is_suppressed_for_marketing(broadcast: Broadcast) -> None:
    landed(broadcast, refused(400, {"code": 131026}))
    assert not Suppression.objects.exists()
    row = landed(broadcast, refused(400, {"code": 131050}))
    found = Suppression.objects.get()
    assert (found.address, found.category, found.source) == (row.address, "marketing", "provider")


# The number and its broadcasts ------------------------------------------------------------------------------------
def test_a_refusal_of_the_number_stops_all_that_it_sends_and_one_of_the_account_all_its_numbers(
    acme: Business, sender: Sender, template: MessageTemplate, broadcast: Broadcast
) -> None:
    same_account = make_sender(acme, number_id="1056")
    elsewhere = make_sender(acme, number_id="1057", account_id="2078")
    by_twilio = make_sender(acme, number_id="1058", provider="twilio")
    numbers = {"itself": sender, "same account": same_account, "other account": elsewhere, "twilio": by_twilio}
    for name, one in numbers.items():
        make_broadcast(one, template, [], name=name)
    make_broadcast(sender, template, [], name="done", status="completed")

    def stopped() -> dict[str, set[str]]:
        blocked = {name for name, one in numbers.items() if Sender.objects.get(pk=one.pk).health == "blocked"}
        return {
            "numbers": blocked,
            "broadcasts": set(Broadcast.objects.filter(status="paused").values_list("name", flat=True)),
        }

    consequences.stop_sender(sender, PauseReason.PAYMENT, WHY, scope=PauseScope.SENDER, now=NOW)
    assert stopped() == {"numbers": {"itself"}, "broadcasts": {"itself", "Spring"}}
    paused = Broadcast.objects.get(name="itself")
    assert (paused.pause_reason, paused.resume_at, paused.cause_data) == ("payment", None, {"text": "Locked"})
    kept = Sender.objects.get(pk=sender.pk)
    assert (kept.cause, kept.cause_data) == ("other", {"text": "Locked"})
    consequences.stop_sender(sender, PauseReason.ACCOUNT, WHY, scope=PauseScope.ACCOUNT, now=NOW)
    assert stopped() == {"numbers": {"itself", "same account"}, "broadcasts": {"itself", "Spring", "same account"}}


def test_an_account_of_another_business_is_not_stopped(sender: Sender) -> None:
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        theirs = Sender.objects.create(  # of the same account, which it has not proved to be its own
            business=other, provider="cloud", number_id="1999", account_id="2077"
        )
        going_on = make_broadcast(theirs, make_template(theirs), [])
    consequences.stop_sender(sender, PauseReason.ACCOUNT, WHY, scope=PauseScope.ACCOUNT, now=NOW)
    with acting_for(other):
        assert Sender.objects.get(pk=theirs.pk).health == "ready"
        assert Broadcast.objects.get(pk=going_on.pk).status == "running"


def test_a_refusal_pauses_for_as_long_as_its_rule_says(
    sender: Sender, template: MessageTemplate, broadcast: Broadcast
) -> None:
    other = make_broadcast(sender, template, [])
    consequences.pause_for(broadcast, rule_for("132015"), code="132015", words="Low quality", now=NOW)
    row = Broadcast.objects.get(pk=broadcast.pk)
    assert (row.status, row.pause_reason, row.resume_at) == ("paused", "template", NOW + timedelta(hours=3))
    assert row.cause_data == {"provider": "cloud", "code": "132015", "words": "Low quality"}
    assert Broadcast.objects.get(pk=other.pk).status == "running"
    consequences.pause_for(other, rule_for("132001"), code="132001", words="", now=NOW)
    assert Broadcast.objects.get(pk=other.pk).resume_at is None
    consequences.pause(broadcast, PauseReason.USER, None, now=NOW)
    assert Broadcast.objects.get(pk=broadcast.pk).pause_reason == "template", "it was paused already"


@pytest.mark.parametrize(("asked_s", "free_after_s"), [(None, 5.0), (2.0, 5.0), (60.0, 60.0)])
def test_a_complaint_silences_the_number_for_the_longer_of_both_waits(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, asked_s: float | None, free_after_s: float
) -> None:
    kept = DatabaseLimiter()
    monkeypatch.setattr(consequences, "limiter", lambda: kept)
    consequences.slow_down(sender, rule_for("130429"), retry_after_s=asked_s, now=NOW)
    at = NOW.timestamp()
    assert kept.reserve(sender, 1, at).wait_s == pytest.approx(free_after_s - 0.25, abs=0.01)


def test_each_number_has_a_pace_of_its_own(acme: Business, sender: Sender) -> None:
    other, kept = make_sender(acme, number_id="1056"), DatabaseLimiter()
    for one in (sender, other):
        kept.slow_down(one, 0.0, 1050.0)
    slow = kept.reserve(sender, 5, 1051.0)
    kept.forget(sender)
    assert kept.reserve(other, 5, 1051.0).interval == pytest.approx(slow.interval)
    assert kept.reserve(sender, 5, 1060.0).interval == pytest.approx(slow.interval / 2)
    assert kept.reserve(other, 1, 1070.0).start == 0.0, "relative to the asker's time"


# Rows of a dead process -------------------------------------------------------------------------------------------
def test_a_dead_process_s_claims_are_free_and_its_sendings_in_doubt(broadcast: Broadcast) -> None:
    sending, answered = departed(broadcast, 2)
    Attempt.objects.filter(pk=answered.attempt_id).update(outcome="rejected", finished_at=NOW)
    claimed = Stock()
    claims.claim(broadcast, claimed, most=1, now=NOW)
    end = NOW + claims.CLAIM_LEASE
    assert sweeper.sweep(NOW + timedelta(seconds=5)) == 0
    assert sweeper.sweep(NOW + timedelta(seconds=5) + MOMENT) == 2
    row = Recipient.objects.get(pk=sending.row.id)
    assert (row.status, row.error_class, row.lease_until, row.attempt_id) == (
        "unknown",
        "unknown",
        None,
        sending.attempt_id,
    )
    attempt = Attempt.objects.get(pk=sending.attempt_id)
    assert (attempt.outcome, attempt.finished_at) == ("unknown", NOW + timedelta(seconds=5) + MOMENT)
    assert Attempt.objects.get(pk=answered.attempt_id).outcome == "rejected"
    assert sweeper.sweep(end) == 0
    assert sweeper.sweep(end + MOMENT) == 1
    assert Recipient.objects.get(pk=claimed.rows[0].id).status == "pending"
    assert Recipient.objects.filter(status="pending").count() == 18


def test_many_rows_are_doubted_in_batches(broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "BATCH", 3)
    departed(broadcast, 5)
    assert [sweeper.sweep(NOW + timedelta(minutes=1)) for _ in range(3)] == [3, 2, 0]


def test_what_was_not_delivered_expires_after_thirty_days_and_the_broadcast_is_settled(
    sender: Sender, template: MessageTemplate, broadcast: Broadcast
) -> None:
    running = make_broadcast(sender, template, addresses(1))
    ended = make_broadcast(sender, template, addresses(1), status="cancelled")
    month = timedelta(days=30)
    for one, age in ((broadcast, month), (running, month + MOMENT), (ended, month + MOMENT)):
        Recipient.objects.filter(broadcast=one).update(status="sent", accepted_at=NOW - age)
        Broadcast.objects.filter(pk=one.pk).update(started_at=NOW - age - MOMENT)
    Broadcast.objects.filter(pk=broadcast.pk).update(status="completed")
    sweeper.settle(NOW)
    found = {
        one.pk: (set(one.recipients.values_list("status", flat=True)), one.settled_at)
        for one in Broadcast.objects.all()
    }
    assert found == {
        broadcast.pk: ({"sent"}, None),
        running.pk: ({"sent"}, None),
        ended.pk: ({"expired"}, NOW),
    }
    sweeper.settle(NOW + MOMENT)
    assert Broadcast.objects.get(pk=ended.pk).settled_at == NOW, "once"
    assert Broadcast.objects.get(pk=broadcast.pk).settled_at == NOW + MOMENT


def test_a_broadcast_is_settled_when_no_report_can_come_any_more(broadcast: Broadcast) -> None:
    Broadcast.objects.update(status="completed")
    for status in RecipientStatus:
        Recipient.objects.update(status="delivered", accepted_at=NOW, skip_reason="")
        first = Recipient.objects.order_by("pk")[0].pk
        why = "opted_out" if status == "skipped" else ""
        Recipient.objects.filter(pk=first).update(status=status, skip_reason=why)
        Broadcast.objects.update(settled_at=None)
        sweeper.settle(NOW)
        is_open = status in {"unknown", "assumed_sent", "accepted", "held", "sent"}
        assert (Broadcast.objects.get().settled_at is None) is is_open, status


# Claiming ---------------------------------------------------------------------------------------------------------
def test_due_retries_are_claimed_first_then_fresh_rows_and_nothing_else(broadcast: Broadcast) -> None:
    keys = list(Recipient.objects.order_by("pk").values_list("pk", flat=True))
    Recipient.objects.filter(pk__in=keys[:5]).update(status="delivered")
    Recipient.objects.filter(pk=keys[19]).update(status="retry_wait", next_attempt_at=NOW, attempt_no=2, refusals=1)
    Recipient.objects.filter(pk=keys[18]).update(status="retry_wait", next_attempt_at=NOW + MOMENT)
    stock = Stock()
    assert claims.claim(broadcast, stock, most=4, now=NOW) == 4
    assert [row.id for row in stock.rows] == [*keys[5:8], keys[19]]
    assert (stock.rows[-1].attempt_no, stock.rows[-1].refusals, stock.rows[0].attempt_no) == (2, 1, 0)
    assert stock.lease_until == NOW + claims.CLAIM_LEASE
    leases = Recipient.objects.filter(status="claimed").values_list("lease_token", "lease_until")
    assert set(leases) == {(stock.lease_token, NOW + claims.CLAIM_LEASE)}
    assert claims.claim(broadcast, Stock(), most=50, now=NOW) == 10, "what another holds stays there"


def test_the_longest_overdue_retries_are_claimed_first(broadcast: Broadcast) -> None:
    keys = list(Recipient.objects.order_by("pk").values_list("pk", flat=True))
    for number, key in enumerate(keys):
        wait = timedelta(seconds=number)
        Recipient.objects.filter(pk=key).update(status="retry_wait", next_attempt_at=NOW - wait)
    stock = Stock()
    claims.claim(broadcast, stock, most=3, now=NOW)
    assert [row.id for row in stock.rows] == keys[17:]


def test_rows_of_other_broadcasts_are_not_claimed(
    sender: Sender, template: MessageTemplate, broadcast: Broadcast
) -> None:
    other = make_broadcast(sender, template, addresses(3, start=50))
    Recipient.objects.filter(broadcast=other).update(address_kind="bsuid", country="IL", params={"first_name": "Noa"})
    stock = Stock()
    assert claims.claim(other, stock, most=50, now=NOW) == 3
    assert {(row.is_phone, row.country, row.params["first_name"]) for row in stock.rows} == {(False, "IL", "Noa")}


def test_a_lost_row_s_attempt_stays_its_own(broadcast: Broadcast) -> None:
    departures = departed(broadcast, 3)
    assert len({departure.attempt_id for departure in departures}) == 3
    assert all(isinstance(departure.attempt_id, uuid.UUID) for departure in departures)
