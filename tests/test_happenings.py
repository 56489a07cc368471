"""What happens in a business is written down for its own systems once, in the transaction that makes it true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from businesses.happenings import Happening, happened
from businesses.models import Business, PhoneNumber, WebhookDelivery, WebhookEndpoint
from businesses.tenancy import acting_for
from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason, StreamFault
from calls.models import BlockedCaller, Call, CallOutcome, CallStatus
from calls.records import finishing
from calls.records.endings import Ending
from calls.telephone import going_on, intake
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template
from whatsapp.broadcasts import lifecycle
from whatsapp.models import Recipient, SuppressionCategory, SuppressionSource
from whatsapp.people.many_opt_outs import OptOut, suppress_many
from whatsapp.people.suppressions import lift, suppress

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
CALLER = "+972501234567"


@pytest.fixture
def acme() -> Iterator[Business]:
    business = Business.objects.create(name="Acme", slug="acme")
    with acting_for(business):
        yield business


@pytest.fixture
def endpoint(acme: Business) -> WebhookEndpoint:
    return listen(acme, *Happening)


def listen(business: Business, *kinds: Happening) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        business=business, url="https://acme.test/hook", kinds=[*kinds], encrypted_secret="x", created_at=NOW
    )


def live_call(business: Business, **fields: Any) -> Call:
    given = {"status": CallStatus.LIVE, "stream_opened_at": NOW, "alive_at": NOW} | fields
    return Call.objects.create(
        business=business, twilio_call_sid="CA1", caller_number=CALLER, called_number="+97231230001", started_at=NOW,
        **given,
    )  # fmt: skip


def told() -> list[dict[str, Any]]:
    return [json.loads(each.body) for each in WebhookDelivery.objects.order_by("happened_at", "id")]


def end(call: Call, at: datetime, reason: EndReason = EndReason.CALLER_LEFT, cause: str = "") -> None:
    ending = Ending(reason, NextStep.HANG_UP, CallOutcome.COMPLETED, user_has_spoken=True, cause=cause)
    finishing.end_by_its_process(call.pk, call.business, ending, now=at)


def test_an_address_is_told_of_the_kinds_that_it_wants(acme: Business, endpoint: WebhookEndpoint) -> None:
    endpoint.kinds = [Happening.MESSAGE_TAKEN]
    endpoint.save()
    other = listen(acme, Happening.CALL_ENDED, Happening.MESSAGE_TAKEN)
    off = listen(acme, *Happening)
    WebhookEndpoint.objects.filter(pk=off.pk).update(is_on=False)
    happened(acme, Happening.MESSAGE_TAKEN, {"from": "Dana"}, now=NOW)
    happened(acme, Happening.CALL_ENDED, {"id": "1"}, now=NOW)
    rows = WebhookDelivery.objects.values_list("endpoint", "kind")
    assert sorted(rows) == sorted(
        [(endpoint.pk, "message.taken"), (other.pk, "message.taken"), (other.pk, "call.ended")]
    )
    message = next(message for message in told() if message["type"] == "message.taken")
    assert message["timestamp"] == "2026-11-30T12:00:00+00:00"
    assert (message["business"], message["data"]) == ("acme", {"from": "Dana"})


def test_it_costs_one_query_where_nobody_listens(acme: Business) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        happened(acme, Happening.CALL_ENDED, {}, now=NOW)
    assert len(queries) == 1


def test_what_is_rolled_back_has_not_happened(acme: Business, endpoint: WebhookEndpoint) -> None:
    with transaction.atomic():
        happened(acme, Happening.MESSAGE_TAKEN, {}, now=NOW)
        assert len(told()) == 1
        transaction.set_rollback(True)
    assert told() == []


def test_another_business_is_told_nothing(acme: Business, endpoint: WebhookEndpoint) -> None:
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        happened(other, Happening.MESSAGE_TAKEN, {}, now=NOW)
    assert told() == []


def test_the_end_of_a_call_is_told_once_with_the_word_of_its_process(acme: Business, endpoint: WebhookEndpoint) -> None:
    call = live_call(acme)
    reason = EndReason.CALLER_LEFT
    assert finishing.end_if_open(call.pk, next_step=NextStep.HANG_UP, failed=True, reason=reason, now=NOW)
    end(call, NOW + timedelta(seconds=61))
    [message] = told()
    assert message["data"] == {
        "id": str(call.pk), "caller": CALLER, "called": "+97231230001", "is_trial": False,
        "started_at": "2026-11-30T12:00:00+00:00", "ended_at": "2026-11-30T12:01:01+00:00", "seconds": 61,
        "outcome": "completed", "end_reason": "caller_left",
    }  # fmt: skip


def test_the_end_of_a_call_whose_process_was_killed_is_told(acme: Business, endpoint: WebhookEndpoint) -> None:
    live_call(acme)
    for minutes in (5, 6):
        finishing.end_dead_calls(now=NOW + timedelta(minutes=minutes))
    [message] = told()
    assert (message["data"]["outcome"], message["data"]["end_reason"]) == ("failed", "process_died")


def test_a_call_that_goes_on_has_not_ended(acme: Business, endpoint: WebhookEndpoint) -> None:
    call = live_call(acme)
    end(call, NOW, EndReason.STREAM_BROKE, cause=StreamFault.CLOSED.value)
    waiting = WebhookDelivery.objects.get()
    assert waiting.due_at > NOW + going_on.BROKE_WITHIN
    assert going_on.go_on(call, now=NOW + timedelta(seconds=1))
    assert told() == []
    end(call, NOW + timedelta(minutes=1))
    assert [message["data"]["outcome"] for message in told()] == ["completed"]


def test_a_refused_call_is_told(acme: Business, endpoint: WebhookEndpoint) -> None:
    PhoneNumber.objects.create(business=acme, number="+97231230001")
    BlockedCaller.objects.create(business=acme, number=CALLER, blocked_at=NOW)
    for _again in range(2):
        intake.take_in(call_sid="CA2", called_number="+97231230001", caller_number=CALLER, now=NOW)
    assert [message["data"]["outcome"] for message in told()] == ["refused"]


def test_the_end_of_a_broadcast_is_told_once(acme: Business, endpoint: WebhookEndpoint) -> None:
    sender = make_sender(acme)
    broadcast = make_broadcast(sender, make_template(sender), addresses(3))
    assert not lifecycle.complete_if_done(broadcast, now=NOW)
    Recipient.objects.update(status="delivered")
    assert lifecycle.complete_if_done(broadcast, now=NOW)
    assert not lifecycle.complete_if_done(broadcast, now=NOW)
    [message] = told()
    assert message["type"] == "broadcast.finished"
    assert (message["data"]["status"], message["data"]["people"]) == ("completed", {"delivered": 3})


def test_an_opt_out_is_told_when_it_becomes_true(acme: Business, endpoint: WebhookEndpoint) -> None:
    category, source = SuppressionCategory.ALL, SuppressionSource.REPLY
    for _again in range(2):
        suppress(acme, CALLER, category=category, source=source, now=NOW)
    assert [message["data"] for message in told()] == [{"address": CALLER, "category": "all", "source": "reply"}]
    lift(acme, CALLER, now=NOW, categories=[category])
    suppress(acme, CALLER, category=category, source=source, now=NOW)
    assert len(told()) == 2


def test_a_file_of_opt_outs_is_told_person_by_person(acme: Business, endpoint: WebhookEndpoint) -> None:
    source = SuppressionSource.IMPORT
    listed = [OptOut(each, SuppressionCategory.MARKETING, source, "", NOW) for each in addresses(20)]
    for _again in range(2):
        suppress_many(acme, listed, by=None)
    assert sorted(message["data"]["address"] for message in told()) == sorted(addresses(20))
