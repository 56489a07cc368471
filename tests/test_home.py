"""A business's home page and the navigation: trends, replies that wait, callers who were missed; with few queries."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from businesses.models import Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls.models import Call
from testing.broadcasts import make_sender
from testing.markup import compact
from whatsapp.models import Contact, DirectKind, DirectMessage, InboundMessage

CALLER, OTHER = "+972501234567", "+972501234568"


@pytest.fixture
def clinic(db: None) -> Iterator[Business]:
    cache.clear()
    business = Business.objects.create(name="Clinic", slug="clinic", time_zone="Asia/Jerusalem")
    with acting_for(business):
        yield business


@pytest.fixture
def staff(clinic: Business) -> Client:
    user = User.objects.create_user("staff@clinic.test", "pw")
    Membership.objects.create(business=clinic, user=user, role=Role.STAFF)
    client = Client()
    client.force_login(user)
    return client


def call(business: Business, outcome: str, *, number: str = CALLER, minutes_ago: float = 0) -> Call:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    opened = None if outcome == "refused" else at
    return Call.objects.create(
        business=business, twilio_call_sid=uuid.uuid4().hex, caller_number=number, status="ended", outcome=outcome,
        started_at=at, stream_opened_at=opened, ended_at=at,
    )  # fmt: skip


def wrote(business: Business, name: str, *, hours_ago: float = 1, number: str = CALLER, **fields: Any) -> Contact:
    at = timezone.now() - timedelta(hours=hours_ago)
    contact = Contact.objects.create(business=business, phone=number, name=name, last_inbound_at=at)
    sender = business.senders.first() or make_sender(business)
    InboundMessage.objects.create(
        business=business, sender=sender, contact=contact, address=number, provider="cloud", kind="text",
        provider_message_id=uuid.uuid4().hex, text=f"Hello from {name}", received_at=at, **fields,
    )  # fmt: skip
    return contact


def home(client: Client) -> str:
    return compact(client.get(reverse("home", args=["clinic"])).content.decode())


def test_a_week_is_beside_the_week_before(staff: Client, clinic: Business) -> None:
    call(clinic, "completed", minutes_ago=8 * 24 * 60)
    call(clinic, "completed", minutes_ago=3 * 24 * 60)
    call(clinic, "completed", minutes_ago=2 * 24 * 60)
    assert "Last 7 days: 2, the 7 before: 1" in home(staff)


def test_who_waits_for_a_reply_is_on_the_home_page_and_in_the_navigation(staff: Client, clinic: Business) -> None:
    wrote(clinic, "Dana")
    wrote(clinic, "Noa", number=OTHER, hours_ago=25)
    text = home(staff)
    assert "Hello from Dana" in text
    assert "Hello from Noa" not in text, "only a template may be sent by now"
    assert "people wait for a reply" in text
    shown = staff.get(reverse("inbox", args=["clinic"]) + "?show=waiting")
    assert [person.name for person, _message, _waits in shown.context["threads"]] == ["Dana"]


def test_who_was_answered_does_not_wait(staff: Client, clinic: Business) -> None:
    wrote(clinic, "Dana")
    DirectMessage.objects.create(
        business=clinic, sender=clinic.senders.get(), address=CALLER, kind=DirectKind.REPLY, status="sent",
        provider="cloud", key=uuid.uuid4(), text="Hello Dana", created_at=timezone.now(),
    )  # fmt: skip
    wrote(clinic, "Noa", number=OTHER, action="opt_out")
    text = home(staff)
    assert "Hello from" not in text
    assert "people wait for a reply" not in text


def test_a_missed_caller_is_named_until_somebody_answers(staff: Client, clinic: Business) -> None:
    Contact.objects.create(business=clinic, phone=CALLER, name="Dana Levi")
    call(clinic, "refused", minutes_ago=0.4)
    call(clinic, "failed", minutes_ago=0.3)
    call(clinic, "failed", number="", minutes_ago=0.2)
    text = home(staff)
    assert text.count("Dana Levi") == 1, "called twice, one line"
    assert f'href="tel:{CALLER}"' in text
    call(clinic, "completed")
    assert "Dana Levi" not in home(staff)


def test_missed_calls_are_beside_calls_in_the_navigation(staff: Client, clinic: Business) -> None:
    for _each in range(120):
        call(clinic, "refused")
    text = compact(staff.get(reverse("templates", args=["clinic"])).content.decode())
    assert '<span class="badge count" title="calls missed today"> 99+ <' in text


def test_few_queries_and_none_for_the_badges_of_the_next_page(
    staff: Client, clinic: Business, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(8):
        wrote(clinic, f"Person {number}", number=f"+9725012345{number:02d}")
        call(clinic, "refused", number=f"+9725012345{number:02d}")
    cache.clear()
    with django_assert_max_num_queries(21):
        home(staff)
    with django_assert_max_num_queries(12):
        home(staff)


def test_a_cache_that_is_away_costs_queries_and_no_page(staff: Client, settings: Any) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 1.0},
        }
    }
    assert staff.get(reverse("home", args=["clinic"])).status_code == 200
