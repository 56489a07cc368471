"""The sandbox: a newcomer sees every way a message may go, without an account."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Min
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from businesses.models import Business
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template
from whatsapp.conftest import Send, states
from whatsapp.inbox.direct_messages import send_test
from whatsapp.models import InboundMessage, Recipient, Suppression
from whatsapp.providers.events import ReportedStatus
from whatsapp.providers.sandbox.behaviour import CHANGED_AFTER_S, LONGEST_S, behaviour_of
from whatsapp.running.sandbox_reports import report
from whatsapp.webhooks.applying import apply_news


@given(st.text(max_size=40))
def test_everything_that_happens_happens_in_order_and_in_time(message_id: str) -> None:
    plan = behaviour_of("+972501239999", message_id)
    moments = [step.after_s for step in plan.steps]
    assert moments == sorted(moments)
    assert max([*moments, plan.reply_after_s + CHANGED_AFTER_S]) < LONGEST_S
    assert bool(plan.refused) != bool(plan.steps)
    assert plan == behaviour_of("+972501239999", message_id)


@pytest.fixture
def _debug(settings: Any) -> None:
    settings.DEBUG = True  # test runs switch it off


@given(st.uuids())
def test_certain_numbers_always_do_the_same(message_id: object) -> None:
    plans = {end: behaviour_of(f"+97250123{end}", str(message_id)) for end in ("0001", "0002", "0005", "0007")}
    assert plans["0001"].refused == 131026
    assert plans["0002"].steps[-1].status is ReportedStatus.FAILED
    assert plans["0005"].reply == "STOP"
    assert plans["0007"].steps[-1].status is ReportedStatus.DELIVERED


@pytest.mark.usefixtures("_debug")
def test_a_broadcast_is_delivered_read_and_answered(acme: Business, send: Send) -> None:
    sender = make_sender(acme, provider="sandbox", number_id="sandbox-acme", account_id="sandbox-acme")
    people = [f"+97250123{end}" for end in ("0001", "0002", "0004", "0005", "0006", "0007")]
    broadcast = make_broadcast(sender, make_template(sender), people)
    send()
    first = Recipient.objects.aggregate(moment=Min("accepted_at"))["moment"]
    later = first + timedelta(seconds=LONGEST_S - 1)
    report(later)
    report(later)
    while apply_news(later):
        pass
    assert states(broadcast) == {"failed": 2, "skipped": 1, "read": 2, "delivered": 1}
    assert set(InboundMessage.objects.values_list("action", flat=True)) == {"opt_out", ""}
    assert set(Suppression.objects.values_list("address", flat=True)) == {"+972501230004", "+972501230005"}
    assert Recipient.objects.get(address="+972501230006").replies.count() == 1


@pytest.mark.usefixtures("_debug")
def test_people_refuse_in_every_way_that_they_know(acme: Business, send: Send) -> None:
    sender = make_sender(acme, provider="sandbox", number_id="sandbox-acme", account_id="sandbox-acme")
    people = {end: f"+97250123{end}" for end in ("0008", "0009", "0010", "0011", "0012")}
    make_broadcast(sender, make_template(sender), people.values())
    send()
    first = Recipient.objects.aggregate(moment=Min("accepted_at"))["moment"]
    for _ in range(2):
        report(first + timedelta(seconds=LONGEST_S - 1))
        while apply_news(first + timedelta(seconds=LONGEST_S - 1)):
            pass
    listed = dict(Suppression.objects.values_list("address", "category"))
    assert listed == {people["0009"]: "all", people["0011"]: "marketing", people["0012"]: "all"}
    said = {message.address[-4:]: message for message in InboundMessage.objects.all()}
    assert (said["0008"].kind, said["0008"].recipient) == ("reaction", None)
    assert (said["0009"].text, said["0009"].earlier[0]["text"]) == ("STOP", "See you")
    assert said["0010"].deleted_at is not None
    assert said["0012"].is_elsewhere
    assert len(said) == 5


@pytest.mark.usefixtures("_debug")
def test_who_was_not_looked_after_for_a_while_still_reads(acme: Business, send: Send) -> None:
    sender = make_sender(acme, provider="sandbox", number_id="sandbox-acme", account_id="sandbox-acme")
    broadcast = make_broadcast(sender, make_template(sender), ["+972501230006"])
    send()
    row = Recipient.objects.get()
    assert row.accepted_at
    plan = behaviour_of(row.address or "", row.provider_message_id or "")
    for seconds, state in ((plan.steps[1].after_s + 0.1, "delivered"), (600.0, "read")):
        moment = row.accepted_at + timedelta(seconds=seconds)
        report(moment)
        while apply_news(moment):
            pass
        assert states(broadcast) == {state: 1}


@pytest.mark.usefixtures("_debug")
def test_a_test_message_is_delivered_too(acme: Business, send: Send) -> None:
    sender = make_sender(acme, provider="sandbox", number_id="sandbox-acme", account_id="sandbox-acme")
    values = {"first_name": "Dana"}
    made = send_test(sender, make_template(sender), to="+972501230007", params=values, key=uuid4(), now=timezone.now())
    send()
    made.refresh_from_db()
    assert made.accepted_at
    later = made.accepted_at + timedelta(seconds=LONGEST_S - 1)
    report(later)
    while apply_news(later):
        pass
    made.refresh_from_db()
    assert made.status == "delivered"


def test_where_debug_is_off_nothing_counts_as_sent(acme: Business, send: Send) -> None:
    sender = make_sender(acme, provider="sandbox", number_id="sandbox-acme", account_id="sandbox-acme")
    template = make_template(sender)
    broadcast = make_broadcast(sender, template, addresses(3))
    values = {"first_name": "Dana"}
    made = send_test(sender, template, to="+972501230007", params=values, key=uuid4(), now=timezone.now())
    send()
    broadcast.refresh_from_db()
    made.refresh_from_db()
    assert (broadcast.status, broadcast.pause_reason) == ("paused", "account")
    assert states(broadcast).get("accepted", 0) == 0
    assert made.accepted_at is None


def test_the_server_in_metas_place_starts_without_the_products_settings() -> None:
    bare = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "whatsapp.providers.sandbox.server", "--help"]
    assert "--latency-ms" in subprocess.run(command, env=bare, check=True, capture_output=True, text=True).stdout
