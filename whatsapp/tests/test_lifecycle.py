"""A broadcast's states: only legal moves, one winner of a race, and a history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from businesses.models import AuditEntry, Business, User
from whatsapp import doorbell
from whatsapp.broadcasts import lifecycle
from whatsapp.broadcasts.counts import counts_of
from whatsapp.broadcasts.creation import Timing
from whatsapp.control import starting
from whatsapp.errors import IllegalChange, NotSendable
from whatsapp.models import Broadcast, BroadcastEvent, MessageTemplate, Recipient, Sender, SenderHealth
from whatsapp.reasons import Cause, reason
from whatsapp.states import BROADCAST_MOVES, BroadcastStatus, PauseReason, RecipientStatus
from whatsapp.tests.conftest import NOW, Make

THREE = "phone,first_name\n0501234561,A\n0501234562,B\n0501234563,C\n"

B = BroadcastStatus
CHANGES: dict[str, tuple[Callable[..., Any], set[BroadcastStatus]]] = {
    "start": (lifecycle._start, {B.DRAFT, B.SCHEDULED, B.MISSED, B.FAILED}),
    "schedule": (lifecycle.schedule, {B.DRAFT, B.MISSED}),
    "pause": (lifecycle.pause, {B.PREPARING, B.RUNNING}),
    "resume": (lifecycle.resume, {B.PAUSED}),
    "cancel": (lifecycle.cancel, set(B) - {B.COMPLETED, B.CANCELLING, B.CANCELLED}),
    "reopen": (partial(lifecycle.reopen, because=reason(Cause.ANSWERS_LATE)), {B.COMPLETED}),
}


@pytest.mark.parametrize("status", BroadcastStatus)
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_happens_from_legal_states_only(name: str, status: BroadcastStatus, make: Make) -> None:
    change, legal = CHANGES[name]
    broadcast = make()
    Broadcast.objects.filter(pk=broadcast.pk).update(status=status)
    before = Broadcast.objects.values().get(pk=broadcast.pk), BroadcastEvent.objects.count()
    if status in legal:
        change(broadcast, now=NOW)
        assert broadcast.epoch > 0
        assert BroadcastEvent.objects.count() > before[1]
        assert BroadcastStatus(broadcast.status) in BROADCAST_MOVES[status] | {BroadcastStatus.RUNNING}
    else:
        with pytest.raises(IllegalChange) as refused:
            change(broadcast, now=NOW)
        assert refused.value.current == status
        assert (Broadcast.objects.values().get(pk=broadcast.pk), BroadcastEvent.objects.count()) == before


def test_a_started_broadcast_whose_people_are_known_runs_at_once(make: Make) -> None:
    broadcast = make()
    lifecycle._start(broadcast, now=NOW)
    assert (broadcast.status, broadcast.epoch, broadcast.started_at) == (BroadcastStatus.RUNNING, 2, NOW)


def test_of_two_clicks_on_start_one_counts(make: Make) -> None:
    broadcast = make()
    second = Broadcast.objects.get(pk=broadcast.pk)
    starting.start(broadcast, now=NOW)
    with pytest.raises(IllegalChange):
        starting.start(second, now=NOW)
    assert BroadcastEvent.objects.filter(kind="started").count() == 1


def test_a_pause_says_why_and_a_resume_forgets_it(make: Make, operator: User) -> None:
    broadcast = make()
    lifecycle._start(broadcast, now=NOW)
    later = NOW + timedelta(hours=3)
    lifecycle.pause(
        broadcast,
        now=NOW,
        reason=PauseReason.TEMPLATE,
        because=reason(Cause.TEMPLATE_STATUS, status="PAUSED", words=""),
        resume_at=later,
    )
    assert (broadcast.status, broadcast.pause_reason, broadcast.resume_at) == ("paused", "template", later)
    lifecycle.resume(broadcast, now=NOW, actor=operator)
    assert (broadcast.status, broadcast.pause_reason, broadcast.resume_at) == ("running", "", None)
    assert broadcast.cause == ""
    history = list(
        BroadcastEvent.objects.filter(broadcast=broadcast).values_list("kind", "data__pause_reason", "actor")
    )
    assert history[-2:] == [("paused", "template", None), ("resumed", None, operator.pk)]


def test_resuming_after_the_trial_releases_the_rest(make: Make) -> None:
    broadcast = make(canary_size=2)
    lifecycle._start(broadcast, now=NOW)
    lifecycle.pause(broadcast, now=NOW, reason=PauseReason.USER)
    lifecycle.resume(broadcast, now=NOW)
    assert broadcast.canary_reviewed_at is None
    lifecycle.pause(broadcast, now=NOW, reason=PauseReason.CANARY_REVIEW)
    lifecycle.resume(broadcast, now=NOW)
    assert broadcast.canary_reviewed_at == NOW


def test_cancelling_marks_the_unsent_and_waits_for_what_is_on_its_way(make: Make) -> None:
    broadcast = make(THREE)
    lifecycle._start(broadcast, now=NOW)
    flying = Recipient.objects.filter(broadcast=broadcast).order_by("pk")[0]
    Recipient.objects.filter(pk=flying.pk).update(status=RecipientStatus.SENDING)
    lifecycle.cancel(broadcast, now=NOW)
    assert not lifecycle.finish_cancelling(broadcast, now=NOW)
    assert broadcast.status == BroadcastStatus.CANCELLING
    counts = counts_of(broadcast.pk).by_state
    assert (counts[RecipientStatus.CANCELLED], counts[RecipientStatus.SENDING]) == (2, 1)
    Recipient.objects.filter(pk=flying.pk).update(status=RecipientStatus.ACCEPTED)
    assert lifecycle.finish_cancelling(broadcast, now=NOW)
    assert (broadcast.status, broadcast.completed_at) == (BroadcastStatus.CANCELLED, NOW)
    assert not lifecycle.finish_cancelling(broadcast, now=NOW)


def test_many_rows_are_cancelled_in_batches(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "CANCEL_BATCH", 2)
    broadcast = make(THREE)
    lifecycle.cancel(broadcast, now=NOW)
    assert lifecycle.finish_cancelling(broadcast, now=NOW)
    assert counts_of(broadcast.pk).by_state[RecipientStatus.CANCELLED] == 3


@pytest.mark.parametrize("state", RecipientStatus)
def test_a_broadcast_is_completed_when_nothing_is_to_be_sent(state: RecipientStatus, make: Make) -> None:
    broadcast = make(THREE)
    lifecycle._start(broadcast, now=NOW)
    people = Recipient.objects.filter(broadcast=broadcast)
    people.update(status=RecipientStatus.READ)
    one = people.order_by("pk")[0].pk
    people.filter(pk=one).update(status=state, skip_reason="opted_out" if state == RecipientStatus.SKIPPED else "")
    is_open = state in {
        RecipientStatus.PENDING, RecipientStatus.CLAIMED, RecipientStatus.SENDING, RecipientStatus.RETRY_WAIT,
    }  # fmt: skip
    assert lifecycle.complete_if_done(broadcast, now=NOW) is not is_open
    assert broadcast.status == ("running" if is_open else "completed")


def scheduled(make: Make) -> Broadcast:
    broadcast = make(timing=Timing(wall_time="2026-11-24T09:00", late_after_minutes=60))
    starting.start(broadcast, now=NOW)
    assert broadcast.status == BroadcastStatus.SCHEDULED
    assert broadcast.scheduled_at is not None
    assert broadcast.scheduled_at.isoformat() == "2026-11-24T07:00:00+00:00"  # nine o'clock in Jerusalem
    return broadcast


@pytest.mark.parametrize(
    ("late", "status", "is_late"),
    [
        (timedelta(seconds=2), BroadcastStatus.RUNNING, False),
        (timedelta(minutes=30), BroadcastStatus.RUNNING, True),
        (timedelta(minutes=61), BroadcastStatus.MISSED, False),
    ],
)
def test_a_scheduled_broadcast_starts_on_time_late_or_not_at_all(
    late: timedelta, status: BroadcastStatus, make: Make, *, is_late: bool
) -> None:
    broadcast = scheduled(make)
    assert broadcast.scheduled_at is not None
    lifecycle.fire(broadcast, now=broadcast.scheduled_at + late)
    assert (broadcast.status, broadcast.is_late) == (status, is_late)


def test_a_time_fires_once(make: Make) -> None:
    broadcast = scheduled(make)
    second = Broadcast.objects.get(pk=broadcast.pk)
    assert broadcast.scheduled_at is not None
    lifecycle.fire(broadcast, now=broadcast.scheduled_at)
    with pytest.raises(IllegalChange):
        lifecycle.fire(second, now=broadcast.scheduled_at)


def test_starting_a_scheduled_broadcast_does_not_wait(make: Make) -> None:
    broadcast = scheduled(make)
    starting.start(broadcast, now=NOW)
    assert broadcast.status == BroadcastStatus.RUNNING


def test_what_must_not_be_sent_is_not_started(
    make: Make, clinic: Business, template: MessageTemplate, sender: Sender
) -> None:
    broadcast = make("phone,first_name\nabc,A\n")
    MessageTemplate.objects.filter(pk=template.pk).update(status="PAUSED", content_hash="1" * 64)
    Sender.objects.filter(pk=sender.pk).update(
        health=SenderHealth.BLOCKED, **reason(Cause.OTHER, text="Reconnect it.").kept()
    )
    with pytest.raises(NotSendable) as refused:
        starting.start(Broadcast.objects.get(pk=broadcast.pk), now=NOW)
    problems = " ".join(refused.value.problems)
    assert len(refused.value.problems) == 4
    for words in ("Nobody in this broadcast", "only approved ones", "was changed after", "Reconnect it."):
        assert words in problems
    assert Broadcast.objects.get(pk=broadcast.pk).status == BroadcastStatus.DRAFT


# Exact limits, and what is left alone -----------------------------------------------------------------------------
SECOND, MOMENT = timedelta(seconds=1), timedelta(microseconds=1)


def fired(make: Make, late: timedelta) -> Broadcast:
    """Returns a scheduled broadcast whose time was so long ago when it was noticed."""
    broadcast = scheduled(make)
    assert broadcast.scheduled_at is not None
    lifecycle.fire(broadcast, now=broadcast.scheduled_at + late)
    return broadcast


def data_of(broadcast: Broadcast, kind: str) -> dict[str, Any]:
    data: dict[str, Any] = BroadcastEvent.objects.get(broadcast=broadcast, kind=kind).data
    return data


def test_later_than_five_minutes_is_late_and_how_late_is_on_record(make: Make) -> None:
    other = make(timing=Timing(wall_time="2026-11-25T09:00", late_after_minutes=60))
    for late, is_late in ((300 * SECOND, False), (300 * SECOND + MOMENT, True), (1800 * SECOND, True)):
        broadcast = fired(make, late)
        assert (broadcast.status, broadcast.is_late) == ("running", is_late)
        assert data_of(broadcast, "started") == {"late_s": round(late.total_seconds())}
    other.refresh_from_db()
    assert other.is_late is False


def test_a_broadcast_may_start_until_the_last_moment_that_was_set(make: Make) -> None:
    assert fired(make, timedelta(minutes=60)).status == "running"
    missed = fired(make, timedelta(minutes=60) + MOMENT)
    assert missed.status == "missed"
    assert data_of(missed, "missed") == {"not_after": "2026-11-24T08:00:00+00:00"}
    assert not BroadcastEvent.objects.filter(broadcast=missed, kind="started").exists()


def test_a_draft_with_a_future_time_is_scheduled_and_one_whose_time_has_come_starts(make: Make) -> None:
    for wait, status in ((MOMENT, "scheduled"), (timedelta(), "running")):
        broadcast = make(timing=Timing(wall_time="2026-11-24T09:00", late_after_minutes=60))
        assert broadcast.scheduled_at is not None
        lifecycle.start_or_schedule(broadcast, refuse_unsendable=lambda _one: None, now=broadcast.scheduled_at - wait)
        assert broadcast.status == status
    at_once = make()
    lifecycle.start_or_schedule(at_once, refuse_unsendable=lambda _one: None, now=NOW)
    assert (at_once.status, data_of(at_once, "started"), data_of(at_once, "running")) == ("running", {}, {"people": 1})


def test_what_is_under_way_is_not_checked_nor_started_again(make: Make) -> None:
    broadcast = make()
    lifecycle._start(broadcast, now=NOW)
    checked: list[Broadcast] = []
    with pytest.raises(IllegalChange):
        lifecycle.start_or_schedule(broadcast, refuse_unsendable=checked.append, now=NOW)
    assert checked == []


def test_a_broadcast_whose_people_are_not_known_prepares_first_also_after_a_pause(make: Make) -> None:
    broadcast = make()
    Broadcast.objects.update(audience_ready_at=None)
    broadcast.refresh_from_db()
    lifecycle._start(broadcast, now=NOW)
    assert broadcast.status == "preparing"
    lifecycle.pause(broadcast, now=NOW)
    lifecycle.resume(broadcast, now=NOW)
    assert broadcast.status == "preparing"


def test_a_change_concerns_one_broadcast_and_counts_its_epoch_by_one(make: Make) -> None:
    broadcast, other = make(THREE), make(THREE)
    changes: list[Callable[..., Any]] = [
        lifecycle._start,  # two: it prepares, and runs as its people are known
        lifecycle.pause,
        lifecycle.resume,
        lifecycle.cancel,
        lifecycle.finish_cancelling,
    ]
    epochs = []
    for change in changes:
        change(broadcast, now=NOW)
        epochs.append(broadcast.epoch)
    assert epochs == [2, 3, 4, 5, 6]
    assert broadcast.status == "cancelled"
    other.refresh_from_db()
    assert (other.status, other.epoch) == ("draft", 0)
    assert counts_of(other.pk).by_state[RecipientStatus.PENDING] == 3


def test_the_end_forgets_a_pause_that_was_to_end_and_is_on_record_once(make: Make) -> None:
    broadcast = make()
    lifecycle._start(broadcast, now=NOW)
    Recipient.objects.update(status="delivered")
    Broadcast.objects.update(pause_reason="window", resume_at=NOW)
    assert lifecycle.complete_if_done(broadcast, now=NOW) is True
    assert (broadcast.status, broadcast.completed_at, broadcast.epoch) == ("completed", NOW, 3)
    assert (broadcast.pause_reason, broadcast.resume_at) == ("", None)
    assert lifecycle.complete_if_done(broadcast, now=NOW) is False
    assert BroadcastEvent.objects.filter(kind="completed").count() == 1


def test_a_paused_broadcast_is_not_completed_though_nothing_is_left(make: Make) -> None:
    broadcast = make()
    lifecycle._start(broadcast, now=NOW)
    lifecycle.pause(broadcast, now=NOW)
    Recipient.objects.update(status="delivered")
    assert lifecycle.complete_if_done(broadcast, now=NOW) is False
    assert broadcast.status == "paused"


def test_a_broadcast_that_is_opened_again_has_neither_ended_nor_been_settled(make: Make, operator: User) -> None:
    broadcast = make()
    Broadcast.objects.update(status="completed", completed_at=NOW, settled_at=NOW)
    because = reason(Cause.ANSWERS_LATE)
    assert lifecycle.go_on(broadcast, now=NOW, because=because, actor=operator) is True
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.completed_at, broadcast.settled_at) == ("running", None, None)
    event = BroadcastEvent.objects.get(kind="reopened")
    assert (event.actor, event.data) == (operator, because.kept())
    assert lifecycle.go_on(broadcast, now=NOW, because=because) is True
    assert BroadcastEvent.objects.filter(kind="reopened").count() == 1
    for status in ("cancelling", "cancelled"):
        Broadcast.objects.update(status=status)
        assert lifecycle.go_on(broadcast, now=NOW, because=because) is False


def test_an_audience_that_cannot_be_frozen_fails_the_broadcast_with_the_reason(make: Make) -> None:
    broadcast = make()
    Broadcast.objects.update(status="preparing")
    because = reason(Cause.OTHER, text="The file is gone.")
    lifecycle.fail_preparing(broadcast, now=NOW, because=because)
    assert (broadcast.status, broadcast.cause, broadcast.cause_data) == (
        "failed",
        "other",
        {"text": "The file is gone."},
    )
    assert data_of(broadcast, "failed") == because.kept()


def test_every_change_wakes_the_loop(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(doorbell, "ring", lambda: rung.append(1))
    broadcast = make()
    for change in (lifecycle._start, lifecycle.pause, lifecycle.resume, lifecycle.cancel):
        before = len(rung)
        change(broadcast, now=NOW)
        assert len(rung) > before


def test_the_end_of_one_broadcast_leaves_the_others_running(make: Make) -> None:
    one, other = make(), make()
    for broadcast in (one, other):
        lifecycle._start(broadcast, now=NOW)
    Recipient.objects.update(status="delivered")
    assert lifecycle.complete_if_done(one, now=NOW) is True
    other.refresh_from_db()
    assert other.status == "running"


def test_nobody_to_write_to_and_no_time_to_be_late_for(make: Make) -> None:
    broadcast = make()
    Broadcast.objects.update(status="scheduled", total=0, scheduled_at=None, not_after=None)
    broadcast.refresh_from_db()
    lifecycle.fire(broadcast, now=NOW)
    assert (data_of(broadcast, "started"), data_of(broadcast, "running")) == ({"late_s": 0}, {"people": 0})


def test_what_a_person_does_to_a_broadcast_is_in_the_business_s_audit_log(make: Make, operator: User) -> None:
    broadcast = make()
    lifecycle.schedule(broadcast, now=NOW, actor=operator)
    lifecycle._start(broadcast, now=NOW, actor=operator)
    lifecycle.pause(broadcast, now=NOW)
    lifecycle.resume(broadcast, now=NOW, actor=operator)
    entries = AuditEntry.objects.order_by("pk").values_list("kind", "person_id", "details__step", "details__broadcast")
    assert list(entries) == [
        ("broadcast_started", operator.pk, "scheduled", str(broadcast.pk)),
        ("broadcast_started", operator.pk, "started", str(broadcast.pk)),
        ("broadcast_steered", operator.pk, "resumed", str(broadcast.pk)),
    ], "and not what happens by itself"
