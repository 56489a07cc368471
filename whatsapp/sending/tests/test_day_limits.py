"""A business's limits of messages and money for a day: what leaves is counted, and at the limit broadcasts pause."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import time_machine
from django.utils import timezone

from businesses import usage
from businesses.models import Business, DailyLimits
from testing.broadcasts import addresses, make_broadcast
from testing.meta import ThreadedMeta
from whatsapp.broadcasts.reasons import why_it_stands
from whatsapp.conftest import Send, states
from whatsapp.models import Broadcast, DirectMessage, InboundMessage, MessageTemplate, Recipient, Sender
from whatsapp.reasons import Cause, reason
from whatsapp.sending import agenda, day_limits, direct, gates
from whatsapp.sending.costs import rates_at
from whatsapp.sending.day_limits import Today
from whatsapp.sending.quota import PeopleGauge
from whatsapp.states import BroadcastStatus, PauseReason


def test_what_leaves_is_counted(acme: Business, broadcast: Broadcast, send: Send) -> None:
    send()
    used = usage.used_today(acme, now=timezone.now())
    (country,) = set(Recipient.objects.values_list("country", flat=True))
    rates = rates_at(timezone.now())
    price = rates.price(country, broadcast.template_category)
    assert price is not None
    assert (used.messages, used.money) == (20, 20 * price * rates.dollars)
    assert (used.messages_money, used.unpriced_messages) == (used.money, 0)


def test_messages_without_a_price_are_counted_and_none_is_made_up(
    acme: Business, broadcast: Broadcast, sender: Sender, template: MessageTemplate, send: Send
) -> None:
    template.category = "NEW_KIND"
    template.save()
    Broadcast.objects.filter(pk=broadcast.pk).update(template_category="NEW_KIND")
    send()
    now = timezone.now()
    used = usage.used_today(acme, now=now)
    assert (used.messages, used.unpriced_messages) == (20, 20)
    assert used.money == used.messages_money == Decimal(0)
    letter = reply(sender, now)
    letter.kind, letter.template = "template", template
    letter.save()
    assert direct.claim(letter, now) is not None
    assert usage.used_today(acme, now=now).unpriced_messages == 21


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


def test_the_day_s_limits_say_how_many_may_leave(acme: Business) -> None:
    now = timezone.now()
    assert day_limits.read(acme, now) == Today()
    limits = DailyLimits.objects.create(business=acme, messages=8)
    assert day_limits.read(acme, now) == Today(left=8)
    day_limits.count(acme, 7, Decimal(0), now)
    assert day_limits.read(acme, now) == Today(left=1)
    assert usage.used_today(acme, now=now).money == 0
    day_limits.count(acme, 3, Decimal("0.1"), now)
    assert day_limits.read(acme, now).because == reason(Cause.DAY_MESSAGES)
    assert day_limits.read(acme, now).left is None
    dollars = Decimal("0.1") * rates_at(now).dollars
    assert usage.used_today(acme, now=now).money == dollars
    limits.messages, limits.money = None, dollars
    limits.save()
    assert day_limits.read(acme, now) == Today(reason(Cause.DAY_MONEY))


def test_a_message_to_one_person_counts_and_is_given_up_at_the_limit(acme: Business, sender: Sender) -> None:
    now = timezone.now()
    DailyLimits.objects.create(business=acme, messages=1)
    first, second = reply(sender, now), reply(sender, now)
    assert direct.claim(first, now) is not None
    assert direct.claim(second, now) is None
    second.refresh_from_db()
    assert (second.status, second.cause) == ("failed", "day_messages")
    assert usage.used_today(acme, now=now).messages == 1


def reply(sender: Sender, now: datetime) -> DirectMessage:
    """Returns a reply to somebody who wrote just now."""
    InboundMessage.objects.get_or_create(
        business=sender.business, sender=sender, provider=sender.provider, address=addresses(1)[0],
        provider_message_id="wamid.question", defaults={"kind": "text", "received_at": now},
    )  # fmt: skip
    return DirectMessage.objects.create(
        business=sender.business, key=uuid.uuid4(), sender=sender, kind="reply", address=addresses(1)[0], text="Yes.",
        created_at=now, provider=sender.provider,
    )  # fmt: skip


def test_a_test_of_a_template_is_counted_with_its_price(
    acme: Business, sender: Sender, template: MessageTemplate
) -> None:
    now = timezone.now()
    message = reply(sender, now)
    message.kind, message.template, message.params = "test", template, {"first_name": "Dana"}
    price = rates_at(now).price("IL", template.category)
    assert direct.claim(message, now) is not None
    assert usage.used_today(acme, now=now).money == round((price or 0) * rates_at(now).dollars, 5)
