"""What WhatsApp reports of prices: plan, cost so far, billed and the sums agree, in whatever order reports arrive."""

from __future__ import annotations

import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from businesses.models import Business
from testing.broadcasts import addresses, make_broadcast, make_template
from testing.meta import ThreadedMeta
from whatsapp.broadcasts import course
from whatsapp.control.money import Costs, billed_of, billed_on, costs_of, count_billed
from whatsapp.models import (
    Broadcast,
    BroadcastCourse,
    CourseStep,
    DirectMessage,
    InboundMessage,
    MessageTemplate,
    MessagingSettings,
    MonthSpending,
    Recipient,
    Sender,
)
from whatsapp.sending import direct, refunds, spending
from whatsapp.sending.claims import Stock, claim, depart
from whatsapp.sending.costs import from_micros, rates_at
from whatsapp.webhooks.applying import apply_news
from whatsapp.webhooks.tests.notes import cloud_change, post_cloud

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
COUNTRIES = ("IL", "US", "DE", "IN", "KW", "XX", "")
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
WAYS = [("sent",), ("sent", "delivered"), ("sent", "failed"), ("failed", "delivered"), ("failed",)]
Statuses = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def _at_the_time(meta: ThreadedMeta) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def sent(sender: Sender, template: MessageTemplate, countries: list[str], **fields: Any) -> Broadcast:
    """Returns a broadcast whose messages have all left and been accepted, and are counted."""
    broadcast = make_broadcast(sender, template, addresses(len(countries)), **fields)
    rates = rates_at(NOW)
    for row, country in zip(Recipient.objects.filter(broadcast=broadcast), countries, strict=True):
        price = rates.price(country, template.category)
        Recipient.objects.filter(pk=row.pk).update(country=country, cost_estimate=price)
    stock = Stock()
    claim(broadcast, stock, most=len(countries), now=NOW)
    departures = depart(broadcast, stock.rows, stock, now=NOW, lease=timedelta(minutes=1))
    cost = sum((rates.price(d.row.country, template.category) or Decimal(0) for d in departures), Decimal(0))
    assert spending.reserve(broadcast.business, broadcast, cost, None, NOW)
    Recipient.objects.filter(broadcast=broadcast).update(status="accepted", accepted_at=NOW)
    course.of(broadcast, NOW)  # somebody has looked: from here on it is kept
    return broadcast


def statuses_of(row: Recipient, *names: str, **pricing: Any) -> Statuses:
    """Returns what WhatsApp reports of a message, each with the price."""
    told = {"billable": True, "pricing_model": "PMP", "type": "regular", **pricing}
    return [
        {
            "id": f"wamid.{row.pk}",
            "status": name,
            "timestamp": str(int(NOW.timestamp()) + number),
            "biz_opaque_callback_data": str(row.attempt_id),
            **({"errors": [{"code": 131026}]} if name == "failed" else {"pricing": told}),
        }
        for number, name in enumerate(names)
    ]


def tell(client: Client, statuses: Statuses) -> None:
    body = cloud_change("messages", metadata={"phone_number_id": "1055"}, statuses=statuses)
    assert post_cloud(client, body).status_code == 200
    while apply_news(NOW + timedelta(minutes=1)):
        pass
    refunds.refund_all(NOW)


def assert_sums_agree(business: Business) -> None:
    """The sums of broadcasts and months are those of the rows, to the millionth."""
    rows = sum(Recipient.objects.values_list("cost_micros", flat=True))
    letters = sum(DirectMessage.objects.values_list("cost_micros", flat=True))
    for broadcast in Broadcast.objects.all():
        own = sum(Recipient.objects.filter(broadcast=broadcast).values_list("cost_micros", flat=True))
        assert spending.spent_on(broadcast) == from_micros(own)
    assert sum(MonthSpending.objects.filter(business=business).values_list("micros", flat=True)) == rows + letters
    for broadcast in Broadcast.objects.all():
        assert _billed(broadcast) == billed_of(broadcast, now=NOW)
        assert_course_agrees(broadcast)


def _billed(broadcast: Broadcast) -> Decimal | None:
    """Returns what was billed by the sum that is kept, from the first look on."""
    count_billed(broadcast, NOW)
    return billed_on(broadcast)


def assert_course_agrees(broadcast: Broadcast) -> None:
    """What is kept of a broadcast's course is what its rows say."""
    names = ("at", "sent", "delivered", "read", "replied")
    kept = [step for step in CourseStep.objects.values_list(*names) if any(step[1:])]
    head = BroadcastCourse.objects.get(broadcast=broadcast, is_counted=True)
    CourseStep.objects.all().delete()
    BroadcastCourse.objects.update(is_counted=False)
    course.of(broadcast, NOW + timedelta(minutes=1))
    assert kept == list(CourseStep.objects.values_list(*names)), head


@pytest.mark.parametrize("seed", range(6))
def test_over_replayed_statuses_plan_live_and_billed_agree_to_the_cent(
    client: Client, acme: Business, sender: Sender, seed: int
) -> None:
    """Any countries and category, reports shuffled, repeated, in pieces and partly without a price."""
    dice = random.Random(seed)  # noqa: S311 - a test that can be repeated
    category = dice.choice(CATEGORIES)
    template = make_template(sender, category=category, name=f"t{seed}")
    broadcast = sent(sender, template, [dice.choice(COUNTRIES) for _ in range(40)])
    reports: Statuses = []
    for row in Recipient.objects.filter(broadcast=broadcast):
        told = statuses_of(row, "sent", "delivered", "read", category=category.lower())
        for one in told[1:]:
            if dice.random() < 0.5:
                del one["pricing"]
        reports += told[: dice.choice([2, 3])]
    dice.shuffle(reports)
    for _again in range(2):
        while_left = list(reports)
        while while_left:
            piece, while_left = while_left[:17], while_left[17:]
            tell(client, piece)
            assert_sums_agree(acme)
        dice.shuffle(reports)
    costs = costs_of(broadcast, now=NOW)
    assert costs.plan == costs.so_far == costs.billed == spending.spent_on(broadcast)
    assert costs.plan == spending.spent_in_month(acme, NOW) > 0


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_reported_the_sums_are_those_of_the_rows(
    client: Client, acme: Business, sender: Sender, seed: int
) -> None:
    """Other categories, free messages, failures and late corrections; the end is the same in every order."""
    dice = random.Random(seed)  # noqa: S311 - a test that can be repeated
    template = make_template(sender, name=f"t{seed}")
    broadcast = sent(sender, template, [dice.choice(COUNTRIES) for _ in range(30)])
    reports, expected = [], Decimal(0)
    for row in Recipient.objects.filter(broadcast=broadcast):
        names = dice.choice(
            [("sent",), ("sent", "delivered"), ("sent", "failed"), ("failed", "delivered"), ("failed",)]
        )
        kind = dice.choice(["regular", "free_customer_service", "free_entry_point"])
        told = dice.choice(["marketing", "utility", "service", "marketing_lite", "authentication"])
        billable = dice.choice([kind == "regular", None])
        reports += statuses_of(row, *names, category=told, type=kind, billable=billable)
        if names[-1] == "delivered" and kind == "regular":
            expected += rates_at(NOW).price(row.country, told) or Decimal(0)
    dice.shuffle(reports)
    for start in range(0, len(reports), 11):
        tell(client, reports[start : start + 11])
        assert_sums_agree(acme)
    tell(client, reports)
    assert_sums_agree(acme)
    assert costs_of(broadcast, now=NOW).billed == expected


def test_what_was_billed_is_what_whatsapp_says_and_not_our_estimate(
    client: Client, sender: Sender, template: MessageTemplate
) -> None:
    broadcast = sent(sender, template, ["IL"] * 4)
    free, utility, marketing, only_sent = Recipient.objects.filter(broadcast=broadcast)
    tell(
        client,
        [
            *statuses_of(free, "delivered", category="marketing", type="free_entry_point", billable=False),
            *statuses_of(utility, "delivered", category="utility"),
            *statuses_of(marketing, "delivered", category="marketing"),
            *statuses_of(only_sent, "sent", category="marketing"),
        ],
    )
    costs = costs_of(broadcast, now=NOW)
    assert costs == Costs(4 * Decimal("0.0292"), Decimal("0.0628"), Decimal("0.0336"))
    free.refresh_from_db()
    assert (free.billable, free.price_type, free.cost_micros) == (False, "free_entry_point", 0)


def test_a_price_without_billable_goes_by_its_type(client: Client, sender: Sender, template: MessageTemplate) -> None:
    broadcast = sent(sender, template, ["IL", "IL"])
    first, second = Recipient.objects.filter(broadcast=broadcast)
    told = statuses_of(first, "delivered", category="utility")
    told += statuses_of(second, "delivered", category="utility", type="free_customer_service")
    for status in told:
        del status["pricing"]["billable"]
    tell(client, told)
    assert costs_of(broadcast, now=NOW).billed == Decimal("0.0044")


def test_a_message_that_failed_and_was_delivered_after_all_costs_again(
    client: Client, acme: Business, sender: Sender, template: MessageTemplate
) -> None:
    broadcast = sent(sender, template, ["IL"])
    (row,) = Recipient.objects.filter(broadcast=broadcast)
    tell(client, statuses_of(row, "failed"))
    assert spending.spent_on(broadcast) == 0
    tell(client, statuses_of(row, "delivered", category="marketing"))
    assert spending.spent_on(broadcast) == Decimal("0.0292") == costs_of(broadcast, now=NOW).billed
    assert_sums_agree(acme)


def reply(sender: Sender, at: datetime = NOW, **fields: Any) -> DirectMessage:
    """Returns a reply to somebody who wrote just now."""
    address = addresses(1)[0]
    InboundMessage.objects.get_or_create(
        business=sender.business, sender=sender, provider=sender.provider, address=address,
        provider_message_id="wamid.question", defaults={"kind": "text", "received_at": at},
    )  # fmt: skip
    return DirectMessage.objects.create(
        business=sender.business, key=uuid.uuid4(), sender=sender, kind="reply", address=address, text="Yes.",
        created_at=at, provider=sender.provider, **fields,
    )  # fmt: skip


def test_replies_cost_beyond_the_free_ones_of_the_month(acme: Business, sender: Sender) -> None:
    for _ in range(999):
        reply(sender, status="delivered")
    last_free, charged = reply(sender), reply(sender)
    assert direct.claim(last_free, NOW) is not None
    assert spending.spent_in_month(acme, NOW) == 0
    assert direct.claim(charged, NOW) is not None
    assert spending.spent_in_month(acme, NOW) == Decimal("0.0044")
    assert_sums_agree(acme)


def test_a_reply_costs_what_whatsapp_says(client: Client, acme: Business, sender: Sender) -> None:
    letter = reply(sender)
    assert direct.claim(letter, NOW) is not None
    status = {"id": "wamid.r", "status": "delivered", "timestamp": str(int(NOW.timestamp()))}
    status |= {"biz_opaque_callback_data": str(letter.pk)}
    tell(client, [status | {"pricing": {"billable": True, "type": "regular", "category": "service"}}])
    assert spending.spent_in_month(acme, NOW) == Decimal("0.0044")
    tell(client, [json.loads(json.dumps(status))])
    assert_sums_agree(acme)


def test_a_reply_that_the_months_budget_does_not_allow_is_not_sent(acme: Business, sender: Sender) -> None:
    MessagingSettings.objects.create(business=acme, monthly_budget=Decimal("0.01"))
    MonthSpending.objects.create(business=acme, month=NOW.date().replace(day=1), micros=9_000)
    for _ in range(1000):
        reply(sender, status="delivered")
    letter = reply(sender)
    assert direct.claim(letter, NOW) is None
    letter.refresh_from_db()
    assert (letter.status, letter.cause) == ("failed", "month_budget_used")
