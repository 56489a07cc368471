"""Answers that come late, while the database is away, or not at all; and messages that wait when somebody stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError

from businesses.tenancy import across_businesses
from testing.meta import ThreadedMeta
from whatsapp.broadcasts import lifecycle
from whatsapp.conftest import Send, states
from whatsapp.models import Broadcast, BroadcastEvent, Recipient, Sender
from whatsapp.providers.base import SendOutcome, SendResult
from whatsapp.sending import flights, sweeper, waves
from whatsapp.sending.pace import Slots
from whatsapp.sending.results import Landing
from whatsapp.sending.waves import Dispatch, Wave

UNSENT = SendResult(SendOutcome.SAFE_RETRY, text="The connection was refused.")
ACCEPTED = SendResult(SendOutcome.ACCEPTED, message_id="wamid.1", http_status=200)


def departed(broadcast: Broadcast) -> Wave:
    """A wave whose attempts are committed, and whose process hears nothing for a while."""
    wave = waves.depart_wave(Dispatch(broadcast.pk, broadcast.business), datetime.now(UTC))
    assert isinstance(wave, Wave)
    return wave


def doubted(broadcast: Broadcast) -> Wave:
    """So late that its messages are unknown already, and nothing is left to send."""
    wave = departed(broadcast)
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert sweeper.sweep(later) == len(wave.departures) == 20
    return wave


def test_who_proves_unsent_after_the_end_is_sent_to_after_all(
    meta: ThreadedMeta, broadcast: Broadcast, send: Send
) -> None:
    wave = doubted(broadcast)
    assert lifecycle.complete_if_done(broadcast, now=datetime.now(UTC))
    results = [UNSENT] + [ACCEPTED] * 19
    landings = [Landing(one, result) for one, result in zip(wave.departures, results, strict=True)]
    waves.land_singly(wave, landings, datetime.now(UTC))
    assert states(broadcast) == {"retry_wait": 1, "accepted": 19}
    assert Broadcast.objects.get().status == "running"
    assert BroadcastEvent.objects.filter(kind="reopened").count() == 1

    send()
    assert states(broadcast) == {"accepted": 20}
    assert Broadcast.objects.get().status == "completed"
    assert len(meta.posts) == 1


def test_who_proves_unsent_after_a_cancellation_is_cancelled(meta: ThreadedMeta, broadcast: Broadcast) -> None:
    wave = doubted(broadcast)
    lifecycle.cancel(broadcast, now=datetime.now(UTC))
    assert lifecycle.finish_cancelling(broadcast, now=datetime.now(UTC))
    waves.land_wave(wave, [Landing(one, UNSENT) for one in wave.departures], datetime.now(UTC))
    assert states(broadcast) == {"cancelled": 20}
    assert Broadcast.objects.get().status == "cancelled"


@pytest.fixture
def seven_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first wave meets seven of its slots: the process was stopped, and asks for new ones."""
    depart = waves.depart_wave
    monkeypatch.setattr(flights, "LATEST_S", 60.0)  # not late by itself, on a busy machine

    def short(line: Dispatch, now: datetime) -> waves.Step:
        step = depart(line, now)
        if isinstance(step, Wave):
            monkeypatch.setattr(waves, "depart_wave", depart)
            return replace(step, slots=replace(step.slots, count=7))
        return step

    monkeypatch.setattr(waves, "depart_wave", short)


@pytest.mark.parametrize(
    ("stop", "rest"), [(lifecycle.pause, "retry_wait"), (lifecycle.cancel, "cancelled")], ids=["paused", "cancelled"]
)
def test_messages_that_wait_for_new_slots_stay_when_somebody_stops(
    meta: ThreadedMeta,
    broadcast: Broadcast,
    send: Send,
    seven_slots: None,
    monkeypatch: pytest.MonkeyPatch,
    stop: Callable[..., None],
    rest: str,
) -> None:
    new_slots = waves.new_slots

    def after_a_click(wave: Wave, wanted: int, now: datetime) -> Slots | None:
        with across_businesses():  # another process
            stop(Broadcast.objects.get(), now=now)
        monkeypatch.setattr(waves, "new_slots", new_slots)
        return new_slots(wave, wanted, now)

    monkeypatch.setattr(waves, "new_slots", after_a_click)
    send()
    assert (len(meta.posts), states(broadcast)) == (7, {"accepted": 7, rest: 13})


def test_what_uses_up_the_limit_still_leaves_though_the_broadcast_pauses_for_it(
    meta: ThreadedMeta, broadcast: Broadcast, send: Send, seven_slots: None
) -> None:
    Sender.objects.update(messaging_limit=9)
    send()
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.pause_reason) == ("paused", "quota_24h")
    assert (len(meta.posts), states(broadcast)) == (9, {"accepted": 9, "pending": 11})


def test_a_database_that_is_away_when_slots_are_asked_for_loses_no_answer(
    meta: ThreadedMeta, broadcast: Broadcast, send: Send, seven_slots: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_slots = waves.new_slots

    def away(*_arguments: Any) -> Slots:
        monkeypatch.setattr(waves, "new_slots", new_slots)
        raise OperationalError("the connection was closed")

    monkeypatch.setattr(waves, "new_slots", away)
    send()
    assert (len(meta.posts), states(broadcast)) == (20, {"accepted": 20})


def test_a_message_that_cannot_be_made_costs_the_others_of_its_wave_nothing(
    meta: ThreadedMeta, broadcast: Broadcast, send: Send
) -> None:
    Recipient.objects.filter(pk=Recipient.objects.order_by("pk").values("pk")[:1]).update(params={})
    send()
    assert states(broadcast) == {"accepted": 19, "unknown": 1}
    assert len(meta.posts) == 19


def test_answers_are_kept_one_by_one_however_long_the_database_is_away(
    meta: ThreadedMeta, broadcast: Broadcast, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    land, troubles = waves.land_wave, iter([IntegrityError("one id twice"), OperationalError("away")])

    def troubled(wave: Wave, landings: list[Landing], now: datetime) -> None:
        if trouble := next(troubles, None):
            raise trouble
        land(wave, landings, now)

    monkeypatch.setattr(waves, "land_wave", troubled)
    send()
    assert states(broadcast) == {"accepted": 20}
