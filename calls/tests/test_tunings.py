"""Trying settings on recorded calls in the background: each call once, whoever dies; applied and undone by a click."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from businesses.models import AuditEntry, AuditKind, Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls import tasks
from calls.models import CallStatus, TraceChunk, Tuning, TuningCall, TuningFailure
from calls.pages import tuning_words
from calls.records import tunings
from calls.records.traces import encode
from calls.tests.conftest import NOW, make_business, make_call
from calls.tests.script import Sound
from calls.tests.test_trying import call_with
from testing.at_once import at_once

pytestmark = pytest.mark.django_db

TRACE, OWN = call_with(Sound(6.0, 0.26, is_noise=True))
DATA = encode(TRACE)
FASTER = {"barge_in_debounce_ms": 150}


@pytest.fixture
def clinic(db: None) -> Iterator[Business]:
    business = make_business()
    with acting_for(business):
        for number in range(12):
            record(business, number)
        yield business


def record(business: Business, number: int, data: bytes = DATA) -> None:
    started = NOW - timedelta(hours=number)
    call = make_call(
        business, status=CallStatus.ENDED, started_at=started, stream_opened_at=started, ended_at=started,
        settings=asdict(OWN),
    )  # fmt: skip
    TraceChunk.objects.create(business=business, call=call, position=0, data=data)


def begun(business: Business, **changes: Any) -> Tuning:
    tuning = tunings.start(business, changes or FASTER, person=None, call=None, now=NOW)
    assert tuning is not None
    return tuning


def test_every_call_is_tried_and_told_in_plain_words(clinic: Business) -> None:
    tuning = begun(clinic)
    while tunings.waiting(now=NOW):
        assert tunings.work(now=NOW)
    rows = list(TuningCall.objects.filter(tuning=tuning))
    assert len(rows) == 12
    assert tuning_words.sentences(rows) == ["12 coughs or other short noises would have interrupted"]
    assert {tuning_words.of_call(row) for row in rows} == {"1 cough or other short noise would have interrupted"}


def test_a_task_takes_some_calls_only(clinic: Business) -> None:
    begun(clinic)
    assert tunings.work(now=NOW) == tunings.AT_ONCE
    assert tunings.work(now=NOW) == 12 - tunings.AT_ONCE
    assert tunings.work(now=NOW) == 0


def test_what_a_dead_worker_had_claimed_is_tried_by_another(clinic: Business) -> None:
    tuning = begun(clinic)
    rows = TuningCall.objects.filter(tuning=tuning)
    for row in rows:
        assert tunings._claim(row, now=NOW)  # and then it was killed
    assert tunings.work(now=NOW + tunings.CLAIM) == 0
    assert tunings.work(now=NOW + 2 * tunings.CLAIM) == tunings.AT_ONCE


def test_a_worker_that_lost_its_claim_writes_nothing(clinic: Business) -> None:
    tuning = begun(clinic)
    row = TuningCall.objects.filter(tuning=tuning)[0]
    assert tunings._claim(row, now=NOW)
    later = TuningCall.objects.get(pk=row.pk)
    assert tunings._claim(later, now=NOW + 2 * tunings.CLAIM)
    assert not tunings._try(row)
    assert tunings._try(later)


def test_a_call_that_takes_workers_with_it_is_given_up(clinic: Business) -> None:
    tuning = begun(clinic)
    TuningCall.objects.filter(tuning=tuning).update(attempts=tunings.MOST_ATTEMPTS)
    assert tunings.work(now=NOW) == 0
    assert set(TuningCall.objects.filter(tuning=tuning).values_list("is_done", "failure")) == {
        (True, TuningFailure.GIVEN_UP)
    }


def test_a_call_that_nobody_can_read_spoils_nothing(clinic: Business) -> None:
    TraceChunk.objects.all().delete()
    record(clinic, 20, DATA[:-3] + b"xyz")
    record(clinic, 21)
    tuning = begun(clinic)
    assert tunings.work(now=NOW) == 2
    failures = TuningCall.objects.filter(tuning=tuning).values_list("failure", flat=True)
    assert sorted(failures) == ["", TuningFailure.UNREADABLE]


def test_a_new_trial_takes_the_place_of_one_that_runs(clinic: Business) -> None:
    first = begun(clinic)
    second = begun(clinic, barge_in_voice_frames=4)
    assert TuningCall.objects.filter(tuning=first).count() == 0
    assert TuningCall.objects.filter(tuning=second).count() == 12


@pytest.mark.django_db(transaction=True)
def test_many_workers_try_every_call_once() -> None:
    business = make_business()
    with acting_for(business):
        for number in range(12):
            record(business, number)
        tuning = begun(business)
    done: list[int] = []

    def work() -> None:
        while number := tunings.work(now=NOW):
            done.append(number)

    at_once(work)
    with acting_for(business):
        assert sum(done) == 12
        assert set(TuningCall.objects.filter(tuning=tuning).values_list("is_done", "attempts")) == {(True, 1)}


def test_the_last_two_hundred_calls_only(clinic: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunings, "MOST_CALLS", 5)
    tuning = begun(clinic)
    started = TuningCall.objects.filter(tuning=tuning).values_list("call__started_at", flat=True)
    assert sorted(started, reverse=True) == [NOW - timedelta(hours=number) for number in range(5)]


# Applying -----------------------------------------------------------------------------------------------
def now_of(business: Business) -> int:
    return Business.objects.get(pk=business.pk).barge_in_debounce_ms


def test_applied_by_a_click_and_undone_by_another(clinic: Business) -> None:
    tuning = begun(clinic)
    assert tunings.apply(tuning, now=NOW)
    assert not tunings.apply(tuning, now=NOW), "a double click"
    assert now_of(clinic) == 150
    entry = AuditEntry.objects.get(kind=AuditKind.SETTINGS_CHANGED)
    assert entry.details["changes"] == {"barge_in_debounce_ms": [350, 150]}
    tuning.refresh_from_db()
    assert tunings.undo(tuning, now=NOW)
    assert not tunings.undo(tuning, now=NOW)
    assert now_of(clinic) == 350


def test_what_somebody_changed_since_is_not_undone(clinic: Business) -> None:
    tuning = begun(clinic)
    tunings.apply(tuning, now=NOW)
    Business.objects.filter(pk=clinic.pk).update(barge_in_debounce_ms=500)
    tuning.refresh_from_db()
    assert not tunings.undo(tuning, now=NOW)
    assert now_of(clinic) == 500


# The page -----------------------------------------------------------------------------------------------
@pytest.fixture
def owner(clinic: Business, client: Client) -> Client:
    person = User.objects.create_user("dana@clinic.example", password=None)
    Membership.objects.create(user=person, business=clinic, role=Role.OWNER)
    client.force_login(person)
    return client


VALUES = {
    "barge_in_voice_frames": 6, "barge_in_debounce_ms": 350, "barge_in_grace_ms": 300, "echo_gate_min_rms": 200,
    "resume_after_false_barge_in": "on", "backchannels_interrupt": "on",
}  # fmt: skip


def test_an_owner_tries_applies_and_undoes(clinic: Business, owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(tasks.try_tunings, "apply_async", lambda **_: rung.append(1))
    address = reverse("tuning", args=[clinic.slug])
    assert "Change at least one setting" in owner.post(address, VALUES).content.decode()
    answer = owner.post(address, {**VALUES, **FASTER})
    assert answer.status_code == 302
    assert len(rung) == tasks.TUNING_WORKERS
    assert "0 of 12 calls" in owner.get(answer.url).content.decode()  # type: ignore[attr-defined]
    with acting_for(clinic):
        while tunings.work(now=timezone.now()):
            pass
    page = owner.get(answer.url).content.decode()  # type: ignore[attr-defined]
    assert "12 coughs or other short noises would have interrupted" in page
    owner.post(answer.url + "apply/")  # type: ignore[attr-defined]
    assert now_of(clinic) == 150
    owner.post(answer.url + "undo/")  # type: ignore[attr-defined]
    assert now_of(clinic) == 350


def test_a_suggested_value_and_one_call_come_from_the_address(clinic: Business, owner: Client) -> None:
    with acting_for(clinic):
        call = TraceChunk.objects.all()[0].call_id
    address = reverse("tuning", args=[clinic.slug])
    page = owner.get(address, {"barge_in_voice_frames": "9", "call": str(call)}).content.decode()
    assert 'value="9"' in page
    assert str(call) in page
    answer = owner.post(address, {**VALUES, **FASTER, "call": str(call)})
    assert answer.status_code == 302
    with acting_for(clinic):
        assert [row.call_id for row in TuningCall.objects.all()] == [call]
