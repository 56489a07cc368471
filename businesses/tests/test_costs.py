"""Use and costs: by day and month as the limits count them, only of this business, and as CSV."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from businesses import usage
from businesses.models import Business, DailyLimits, DayUsage, Limit, Membership, Role, UsageDetail, User
from businesses.pages import costs
from businesses.tenancy import acting_for

TODAY = date(2026, 11, 30)


@pytest.fixture
def clinic(db: None) -> Business:
    return Business.objects.create(name="Clinic", slug="clinic", time_zone="Asia/Jerusalem")


@pytest.fixture
def owner(clinic: Business, client: Client) -> Client:
    user = User.objects.create_user("owner@clinic.test", "pw")
    Membership.objects.create(business=clinic, user=user, role=Role.OWNER)
    client.force_login(user)
    return client


def use(business: Business, day: date, money: str, calls: int = 1) -> None:
    with acting_for(business):
        DayUsage.objects.create(business=business, day=day, money=Decimal(money), calls=calls, minutes=Decimal("2.50"))


def test_days_and_months_are_summed_up(clinic: Business) -> None:
    other = Business.objects.create(name="Other", slug="other")
    use(other, TODAY, "99")
    for day, money in ((TODAY, "1.5"), (date(2026, 11, 1), "2"), (date(2026, 10, 31), "4"), (date(2025, 10, 31), "8")):
        use(clinic, day, money)
    with acting_for(clinic):
        assert [(each.day, each.money) for each in costs.days(clinic, TODAY)] == [
            (TODAY, Decimal("1.5")),
            (date(2026, 11, 1), Decimal(2)),
            (date(2026, 10, 31), Decimal(4)),
        ]
        assert [(each.day, each.calls, each.money) for each in costs.months(clinic, TODAY)] == [
            (date(2026, 11, 1), 2, Decimal("3.5")),
            (date(2026, 10, 1), 1, Decimal(4)),
        ]


def test_the_page_shows_limits_and_sums(clinic: Business, owner: Client) -> None:
    use(clinic, TODAY, "1.25")
    with acting_for(clinic):
        DailyLimits.objects.create(business=clinic, money=Decimal("7.75"))
    with time_machine.travel(datetime(2026, 11, 30, 12, tzinfo=UTC)):
        shown = owner.get(reverse("costs", args=["clinic"])).content.decode()
    assert "7.75" in shown
    assert "1.25" in shown
    assert "November 2026" in shown


def test_a_business_that_has_used_nothing(clinic: Business, owner: Client) -> None:
    assert "Nothing has been used yet." in owner.get(reverse("costs", args=["clinic"])).content.decode()


def test_messages_without_a_price_are_counted_and_none_is_made_up(clinic: Business, owner: Client) -> None:
    with time_machine.travel(datetime(2026, 11, 30, 12, tzinfo=UTC)):
        use(clinic, TODAY, "1.25")
        assert "no price is known" not in owner.get(reverse("costs", args=["clinic"])).content.decode()
        counted: usage.Amounts = {Limit.MESSAGES: 5, Limit.MONEY: Decimal("0.5")}
        detail: usage.Amounts = {UsageDetail.MESSAGES_MONEY: Decimal("0.5"), UsageDetail.UNPRICED_MESSAGES: 2}
        usage.add(clinic, {**counted, **detail}, now=datetime(2026, 11, 30, 12, tzinfo=UTC))
        shown = owner.get(reverse("costs", args=["clinic"])).content.decode()
        lines = owner.get(reverse("costs-export", args=["clinic"])).content.decode("utf-8-sig").splitlines()
    assert "no price is known" in shown
    assert lines[0].endswith('"money (US dollars)","of it for messages (US dollars)","messages without a known price"')
    assert lines[1] == '"2026-11-30","1","2.50","0.00","5","1.75000","0.50000","2"'


def test_the_csv_has_every_day(clinic: Business, owner: Client) -> None:
    use(clinic, TODAY, "1.25", calls=3)
    lines = owner.get(reverse("costs-export", args=["clinic"])).content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith('"2026-11-30","3","2.50",')
