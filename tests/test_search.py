"""One search over contacts, calls and broadcasts, from every page; and the charts of the home page."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from businesses.models import Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls.models import Call
from calls.records import call_days
from frontdesk import home_charts, search
from whatsapp.models import Contact

DANA, OTHER = "+972501234567", "+972521111111"


def make(slug: str) -> Business:
    business = Business.objects.create(name=slug, slug=slug, time_zone="Asia/Jerusalem")
    user = User.objects.create_user(f"staff@{slug}.test", "pw")
    Membership.objects.create(business=business, user=user, role=Role.STAFF)
    return business


def call(
    business: Business, number: str, *, summary: str = "", minutes_ago: float = 0, outcome: str = "completed"
) -> Call:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    return Call.objects.create(
        business=business, twilio_call_sid=uuid.uuid4().hex, caller_number=number, status="ended", outcome=outcome,
        started_at=at, stream_opened_at=at, ended_at=at, summary=summary, minutes_charged=Decimal("1.5"),
        cost_counted=Decimal("0.12"),
    )  # fmt: skip


@pytest.fixture
def clinic(db: None) -> Iterator[Business]:
    cache.clear()
    business = make("clinic")
    with acting_for(business):
        Contact.objects.create(business=business, phone=DANA, name="Dana Levi")
        Contact.objects.create(business=business, phone=OTHER, name="דוד כהן")
        call(business, DANA, summary="Wants the garden gate painted.")
        call(business, OTHER, minutes_ago=10)
        yield business


@pytest.mark.parametrize(
    "written", ["+972501234567", "050-123-4567", "050 1234567", "00972501234567", "+972 (0)50-123-4567", "1234567"]
)
def test_a_number_in_any_notation(clinic: Business, written: str) -> None:
    found = search.find(clinic, written)
    assert [contact.phone for contact in found.contacts] == [DANA]
    assert [(each.caller_number, person and person.name) for each, person in found.calls] == [(DANA, "Dana Levi")]


@pytest.mark.parametrize(
    ("words", "numbers"), [("dana", [DANA]), ("GARDEN gate", [DANA]), ("כהן", [OTHER]), ("zz", [])]
)
def test_names_and_words_of_a_summary(clinic: Business, words: str, numbers: list[str]) -> None:
    assert [each.caller_number for each, _person in search.find(clinic, words).calls] == numbers


def test_another_business_is_never_found(clinic: Business, client: Client) -> None:
    other = make("bakery")
    with acting_for(other):
        Contact.objects.create(business=other, phone="+972539999999", name="Dana Other")
        call(other, "+972539999999", summary="garden")
    client.force_login(User.objects.get(email="staff@clinic.test"))
    page = client.get(reverse("search", args=["clinic"]), {"q": "Dana"}).content.decode()
    assert "Dana Levi" in page
    assert "Dana Other" not in page
    assert client.get(reverse("search", args=["bakery"]), {"q": "Dana"}).status_code == 404


def test_a_search_costs_few_queries(
    clinic: Business, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        call(clinic, f"+9725012345{number:02d}", summary="garden")
    client.force_login(User.objects.get(email="staff@clinic.test"))
    client.get(reverse("search", args=["clinic"]))
    with django_assert_max_num_queries(12):
        assert client.get(reverse("search", args=["clinic"]), {"q": "garden"}).status_code == 200


def test_only_the_newest_calls_are_searched(clinic: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "NEWEST_CALLS", 1)
    assert search.find(clinic, "05211").calls == []
    assert len(search.find(clinic, "garden").calls) == 1


@pytest.mark.parametrize("odd", ["\0", "%", "_", "'\"<b>", "٠٥٠", "0", "+", "9" * 300])
def test_odd_words_find_nothing_and_break_nothing(clinic: Business, client: Client, odd: str) -> None:
    client.force_login(User.objects.get(email="staff@clinic.test"))
    assert client.get(reverse("search", args=["clinic"]), {"q": odd}).status_code == 200


# Home ---------------------------------------------------------------------------------------------------
def test_the_days_and_hours_of_home(clinic: Business) -> None:
    now = timezone.now()
    call(clinic, DANA, outcome="failed", minutes_ago=60 * 24 * 3)
    call(clinic, DANA, minutes_ago=60 * 24 * 40)
    hours, days = call_days.hours_and_days(clinic, now=now)
    assert len(days) == call_days.DAYS
    assert sum(day.answered for day in days) == 2
    assert [(day.missed, day.minutes) for day in days if day.missed] == [(1, Decimal("1.5"))]
    assert sum(day.cost for day in days) == Decimal("0.36")
    assert len(hours) == 24
    assert [hour.answered for hour in hours if hour.answered] in ([2], [1, 1], [1]), "those of today"


def test_charts_without_anything_to_show_are_left_out(clinic: Business) -> None:
    Call.objects.all().delete()
    assert home_charts.charts(clinic, now=timezone.now()) == []
    cache.clear()
    call(clinic, DANA)
    headings = [str(chart.heading) for chart in home_charts.charts(clinic, now=timezone.now())]
    assert headings == ["Calls today, by hour", "Calls, by day", "Minutes", "OpenAI cost of calls, US dollars"]
