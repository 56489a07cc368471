"""A business's limits of messages and money for a day: what leaves is counted, and at the limit broadcasts pause."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import time_machine
from django.utils import timezone

from businesses import usage
from businesses.models import Business, DailyLimits
from testing.broadcasts import addresses, make_broadcast
from testing.meta import ThreadedMeta
from whatsapp.audience.rates import current_rates
from whatsapp.broadcasts.reasons import why_it_stands
from whatsapp.conftest import Send, states
from whatsapp.models import Broadcast, MessageTemplate, Recipient, Sender
from whatsapp.sending import agenda, gates
from whatsapp.sending.quota import PeopleGauge
from whatsapp.states import BroadcastStatus, PauseReason


def test_what_leaves_is_counted(acme: Business, broadcast: Broadcast, send: Send) -> None:
    send()
    used = usage.used_today(acme, now=timezone.now())
    (country,) = set(Recipient.objects.values_list("country", flat=True))
    price = current_rates().price(country, broadcast.template_category)
    assert price is not None
    assert (used.messages, used.money) == (20, 20 * price)


def test_at_the_limit_it_pauses_with_a_reason_and_goes_on_the_next_day(
    acme: Business, sender: Sender, template: MessageTemplate, send: Send, meta: ThreadedMeta
) -> None:
    DailyLimits.objects.create(business=acme, messages=8)
    broadcast = make_broadcast(sender, template, addresses(20))
    send()
    assert len(meta.posts) == 8
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.pause_reason) == (BroadcastStatus.PAUSED, PauseReason.DAY_LIMIT)
    assert broadcast.resume_at == usage.next_day(acme, timezone.now())
    assert "Today's limit of messages" in why_it_stands(broadcast)
    assert states(broadcast) == {"pending": 12, "accepted": 8}
    with time_machine.travel(broadcast.resume_at + timedelta(minutes=1)):
        agenda.tend(timezone.now())
        broadcast.refresh_from_db()
        assert broadcast.status == BroadcastStatus.RUNNING
        assert gates.room_for(broadcast, PeopleGauge(), timezone.now()) == 8


def test_a_limit_of_money_pauses_too(acme: Business, sender: Sender, template: MessageTemplate, send: Send) -> None:
    DailyLimits.objects.create(business=acme, money=Decimal("0.01"))
    broadcast = make_broadcast(sender, template, addresses(300))
    send()
    broadcast.refresh_from_db()
    assert (broadcast.pause_reason, broadcast.cause) == (PauseReason.DAY_LIMIT, "day_money")
    assert states(broadcast)["accepted"] < 300


def test_another_business_is_not_concerned(acme: Business, broadcast: Broadcast) -> None:
    other = Business.objects.create(name="Other", slug="other")
    DailyLimits._base_manager.create(business=other, messages=0)
    assert not isinstance(gates.room_for(broadcast, PeopleGauge(), timezone.now()), gates.Closed)
