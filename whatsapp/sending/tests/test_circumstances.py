"""What a wave leaves under is what the database holds at that moment, whoever has changed it; and how often it asks."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from businesses.keeping.fingerprints import new_fingerprint
from businesses.models import Business, DailyLimits
from businesses.tenancy import acting_for
from testing.broadcasts import addresses, make_broadcast
from whatsapp.models import Broadcast, MessageTemplate, MessagingSettings, Sender
from whatsapp.providers.base import SendOutcome, SendResult
from whatsapp.sending import waves
from whatsapp.sending.circumstances import Circumstances, Reader
from whatsapp.sending.results import Landing
from whatsapp.sending.waves import Dispatch, Rest, Wave

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def reader(broadcast: Broadcast) -> Reader:
    return Reader(broadcast.pk, broadcast.business)


def read(reader: Reader) -> Circumstances:
    found = reader.read()
    assert found
    return found


def values(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_they_are_the_rows_as_django_reads_them(reader: Reader, broadcast: Broadcast) -> None:
    found = read(reader).broadcast
    for ours, theirs in (
        (found, Broadcast.objects.get(pk=broadcast.pk)),
        (found.sender, Sender.objects.get(pk=broadcast.sender_id)),
        (found.template, MessageTemplate.objects.get(pk=broadcast.template_id)),
        (found.business, Business.objects.get(pk=broadcast.business_id)),
    ):
        assert values(ours) == values(theirs)
    with CaptureQueriesContext(connection) as asked:
        assert (found.sender.number_id, found.business.slug) == ("1055", "acme")
        assert found.template.name == "spring_sale"
    assert not asked.captured_queries, "they came with it"


CHANGES: list[tuple[Callable[[Business], object], Callable[[Circumstances], object], object]] = [
    (lambda _acme: Sender.objects.update(throughput_mps=17.0), lambda it: it.broadcast.sender.throughput_mps, 17.0),
    (lambda _acme: MessageTemplate.objects.update(status="PAUSED"), lambda it: it.broadcast.template.status, "PAUSED"),
    (lambda _acme: Broadcast.objects.update(epoch=41), lambda it: it.broadcast.epoch, 41),
    (lambda acme: Business.objects.update(name="Zenith"), lambda it: it.broadcast.business.name, "Zenith"),
    (lambda acme: DailyLimits.objects.create(business=acme, messages=3), lambda it: it.limits.messages, 3),
    (
        lambda acme: MessagingSettings.objects.create(business=acme, monthly_budget=Decimal("0.25")),
        lambda it: it.monthly_budget,
        Decimal("0.25"),
    ),
    (lambda acme: new_fingerprint(acme, "+972501234567"), lambda it: len(it.keys), 1),
]


@pytest.mark.parametrize(("change", "seen", "value"), CHANGES)
def test_what_changes_between_two_waves_is_seen_by_the_second(
    reader: Reader,
    acme: Business,
    change: Callable[[Business], object],
    seen: Callable[[Circumstances], object],
    value: object,
) -> None:
    assert seen(read(reader)) != value
    change(acme)
    assert seen(read(reader)) == value


def test_a_broadcast_that_does_not_run_has_none_until_it_runs_again(reader: Reader) -> None:
    first = read(reader).broadcast
    Broadcast.objects.update(status="paused")
    assert reader.read() is None
    Broadcast.objects.update(status="running", epoch=7)
    assert (read(reader).broadcast.epoch, first.epoch) == (7, 0)


def test_objects_are_made_again_only_when_a_row_has_changed_or_somebody_may_have_changed_them(reader: Reader) -> None:
    first = read(reader).broadcast
    assert read(reader).broadcast is first
    first.template_category = "UTILITY"  # in a transaction that was rolled back
    reader.forget()
    assert read(reader).broadcast.template_category == "MARKETING"


def test_another_business_s_limits_are_not_read(reader: Reader, acme: Business) -> None:
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        DailyLimits.objects.create(business=other, messages=1)
        MessagingSettings.objects.create(business=other, monthly_budget=Decimal(1))
    found = read(reader)
    assert (found.limits.messages, found.monthly_budget) == (None, None)


def test_a_wave_asks_the_database_so_often_however_large_it_is(
    sender: Sender, template: MessageTemplate, settings: Any
) -> None:
    Sender.objects.update(max_mps=500.0, throughput_mps=1000.0)
    broadcast = make_broadcast(sender, template, addresses(141))
    dispatch, asked = Dispatch(broadcast.pk, broadcast.business), []
    for turn in range(3):
        now = datetime.fromtimestamp(NOW.timestamp() + turn, UTC)
        while True:
            with CaptureQueriesContext(connection) as departing:
                wave = waves.depart_wave(dispatch, now)
            if not isinstance(wave, Rest):
                break
            time.sleep(wave.seconds)  # Redis goes by its own clock
        assert isinstance(wave, Wave)
        accepted = [SendResult(SendOutcome.ACCEPTED, message_id=str(each.attempt_id)) for each in wave.departures]
        with CaptureQueriesContext(connection) as landing:
            waves.land_wave(wave, [Landing(*each) for each in zip(wave.departures, accepted, strict=True)], now)
        asked.append((len(departing), len(landing)))
    reading, pace = 1 if connection.vendor == "postgresql" else 4, 0 if settings.REDIS_URL else 2
    assert asked[1:] == [(10 + reading + pace, 6)] * 2, "two of each are the savepoint in this test's transaction"
