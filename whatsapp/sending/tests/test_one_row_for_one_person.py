"""A person with two rows in a broadcast gets one message, whenever it becomes known that the two are one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
from django.db import connection, connections, transaction

from businesses.models import Business
from businesses.tenancy import acting_for
from testing.broadcasts import make_broadcast
from testing.meta import ThreadedMeta
from whatsapp.broadcasts.reasons import reason_of
from whatsapp.conftest import Send
from whatsapp.models import (
    Broadcast,
    MessageTemplate,
    Recipient,
    Sender,
    SuppressionCategory,
    SuppressionSource,
    TieSource,
)
from whatsapp.people import identity, suppressions, ties
from whatsapp.people.ties import Tie
from whatsapp.sending import quota, waves

HERE, THERE, OTHER = "+972501111111", "+15550107777", "+972502222222"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def learn(business: Business, one: str = HERE, other: str = THERE) -> int:
    return ties.learn(business, [Tie(one, other, TieSource.STATUS)], now=NOW)


def outcome(broadcast: Broadcast) -> dict[str, tuple[str, str]]:
    rows = Recipient.objects.filter(broadcast=broadcast).values_list("address", "status", "skip_reason")
    return {str(address): (status, why) for address, status, why in rows}


def to(sender: Sender, template: MessageTemplate, people: Iterable[str], **fields: Any) -> Broadcast:
    return make_broadcast(sender, template, people, **fields)


def test_a_tie_before_the_first_wave(
    acme: Business, sender: Sender, template: MessageTemplate, meta: ThreadedMeta, send: Send
) -> None:
    broadcast = to(sender, template, [HERE, OTHER, THERE])
    learn(acme)
    assert outcome(broadcast)[THERE] == ("skipped", "duplicate")
    send()
    assert sorted(post.address for post in meta.accepted) == [HERE, OTHER]
    double = Recipient.objects.get(address=THERE)
    assert "same person" in reason_of(double)


def test_a_tie_after_the_second_row_was_sent(acme: Business, sender: Sender, template: MessageTemplate) -> None:
    broadcast = to(sender, template, [HERE, THERE])
    Recipient.objects.filter(address=THERE).update(status="accepted", accepted_at=NOW)
    learn(acme)
    assert outcome(broadcast) == {HERE: ("skipped", "duplicate"), THERE: ("accepted", "")}


@pytest.mark.parametrize("status", ["failed", "unknown", "sending", "retry_wait"])
def test_a_row_that_was_tried_stands_for_the_person(
    acme: Business, sender: Sender, template: MessageTemplate, status: str
) -> None:
    broadcast = to(sender, template, [HERE, THERE])
    Recipient.objects.filter(address=HERE).update(status=status)
    learn(acme)
    assert outcome(broadcast) == {HERE: (status, ""), THERE: ("skipped", "duplicate")}


def test_a_skipped_row_stands_for_nobody(acme: Business, sender: Sender, template: MessageTemplate) -> None:
    broadcast = to(sender, template, [HERE, THERE])
    Recipient.objects.filter(address=HERE).update(status="skipped", skip_reason="bad_value")
    learn(acme)
    assert outcome(broadcast)[THERE] == ("pending", "")


def test_the_gate_before_a_wave_finds_what_was_tied_beside_the_rows(
    acme: Business, sender: Sender, template: MessageTemplate, meta: ThreadedMeta, send: Send
) -> None:
    learn(acme)
    broadcast = to(sender, template, [HERE, OTHER, THERE])  # as if the freeze had not seen the tie
    send()
    assert sorted(post.address for post in meta.accepted) == [HERE, OTHER]
    assert outcome(broadcast)[THERE] == ("skipped", "duplicate")


def test_two_forms_of_a_number_are_one_row(
    acme: Business, sender: Sender, template: MessageTemplate, meta: ThreadedMeta, send: Send
) -> None:
    broadcast = to(sender, template, ["+5531996883193", "+553196883193"])
    send()
    assert [post.address for post in meta.accepted] == ["+5531996883193"]
    assert outcome(broadcast)["+553196883193"] == ("skipped", "duplicate")


def test_the_first_row_goes_in_whatever_order_the_rows_are_claimed(
    acme: Business, sender: Sender, template: MessageTemplate
) -> None:
    learn(acme)
    broadcast = to(sender, template, [HERE, THERE])
    first, second = ((row.pk, str(row.address)) for row in Recipient.objects.order_by("pk"))
    people = identity.people(acme, [HERE, THERE])
    assert quota.doubles(broadcast, dict([second]), people) == {second[0]}
    assert quota.doubles(broadcast, dict([first]), people) == set()
    assert quota.doubles(broadcast, dict([first, second]), people) == {second[0]}
    Recipient.objects.filter(pk=second[0]).update(status="accepted")
    assert quota.doubles(broadcast, dict([first]), people) == {first[0]}


def test_another_broadcast_waits_for_the_pause_between_two_messages(
    acme: Business, sender: Sender, template: MessageTemplate
) -> None:
    learn(acme)
    to(sender, template, [THERE])
    Recipient.objects.filter(address=THERE).update(status="accepted", accepted_at=NOW)
    second = to(sender, template, [HERE, OTHER])
    assert quota.just_messaged(second, [HERE, OTHER], identity.people(acme, [HERE, OTHER]), NOW) == {HERE}


def test_an_opt_out_from_another_address_between_claim_and_wave(
    acme: Business, sender: Sender, template: MessageTemplate, meta: ThreadedMeta, send: Send
) -> None:
    broadcast = to(sender, template, [HERE, OTHER])
    learn(acme)
    suppressions.suppress(acme, THERE, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=NOW)
    Recipient.objects.filter(address=HERE).update(status="pending", skip_reason="")  # it was claimed meanwhile
    send()
    assert [post.address for post in meta.accepted] == [OTHER]
    assert outcome(broadcast)[HERE] == ("skipped", "opted_out")


def test_a_tie_waits_for_a_wave_that_is_leaving(acme: Business, sender: Sender, template: MessageTemplate) -> None:
    """The rows are locked: whichever commits first, one message leaves."""
    if connection.vendor == "sqlite":
        pytest.skip("there is one writer at a time")
    broadcast = to(sender, template, [THERE, HERE])
    dispatch = waves.Dispatch(broadcast.pk, acme)

    def other() -> None:
        try:
            with acting_for(acme):
                learn(acme)
        finally:
            connections.close_all()

    beside = Thread(target=other)
    with transaction.atomic():
        row = Recipient.objects.filter(address=HERE).select_for_update().get()
        beside.start()
        beside.join(0.5)
        assert beside.is_alive(), "it waits"
        Recipient.objects.filter(pk=row.pk).update(status="sending")
    beside.join(20)
    assert outcome(broadcast) == {THERE: ("skipped", "duplicate"), HERE: ("sending", "")}
    assert isinstance(waves.depart_wave(dispatch, datetime.now(UTC)), waves.NothingDue | waves.Stopped)


def test_two_people_who_learn_at_once_make_one_person(acme: Business) -> None:
    pairs = [(HERE, THERE), (THERE, OTHER), (OTHER, HERE), ("+15550109999", OTHER)]

    def tell(one: str, other: str) -> None:
        try:
            with acting_for(acme):
                learn(acme, one, other)
        finally:
            connections.close_all()

    beside = [Thread(target=tell, args=two) for two in pairs]
    for each in beside:
        each.start()
    for each in beside:
        each.join(30)
    assert set(identity.addresses_of(acme, HERE)) == {HERE, THERE, OTHER, "+15550109999"}
