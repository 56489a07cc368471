"""Dates at the ends of the calendar, 0001 and 9999, are read or refused in plain words wherever one can be typed."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest
from django.test import Client
from django.urls import reverse

from businesses.models import Business, Membership, User
from whatsapp.broadcasts.schedule import BadSchedule, instant_of

ENDS = ("0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31")
ZONES = ("Asia/Jerusalem", "America/Los_Angeles", "Pacific/Kiritimati", "UTC")


@pytest.mark.parametrize(("day", "zone"), list(product(ENDS, ZONES)))
def test_no_broadcast_starts_at_the_end_of_the_calendar(day: str, zone: str) -> None:
    with pytest.raises(BadSchedule, match="between 2000 and 2100"):
        instant_of(f"{day}T23:59", zone)
    assert instant_of("2026-11-30T09:00", "Asia/Jerusalem") == datetime(2026, 11, 30, 7, tzinfo=UTC)


@pytest.fixture(params=ZONES)
def owner(request: pytest.FixtureRequest, db: None) -> Client:
    business = Business.objects.create(name="Acme", slug="acme", time_zone=request.param)
    user = User.objects.create_user("owner@acme.test", "pw")
    Membership.objects.create(business=business, user=user, role="owner")
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("since", "until"), [*product(ENDS, [""]), *product([""], ENDS), *zip(ENDS, ENDS, strict=True)]
)
@pytest.mark.parametrize("page", ["calls", "audit", "audit-export"])
def test_lists_are_narrowed_to_any_day(owner: Client, page: str, since: str, until: str) -> None:
    answer = owner.get(reverse(page, args=["acme"]), {"since": since, "until": until})
    assert answer.status_code == 200


LOOKUPS = [
    {"__year": "1"},
    {"__year": "9999"},
    {"__year": "9999", "__month": "12", "__day": "31"},
    {"__year": "1", "__month": "1", "__day": "1"},
    {"__gte": "0001-01-01"},
    {"__lt": "9999-12-31"},
    {"__gte": "0001-01-01 00:00:00", "__lt": "9999-12-31 23:59:59"},
    {"__year": "0"},
    {"__year": "10000"},
]


@pytest.mark.filterwarnings("ignore:DateTimeField")
@pytest.mark.parametrize("lookup", LOOKUPS)
@pytest.mark.parametrize(("page", "field"), [("calls_call", "started_at"), ("whatsapp_broadcast", "created_at")])
def test_the_admin_narrows_its_lists_to_any_day(db: None, page: str, field: str, lookup: dict[str, str]) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("operator@frontdesk.test", "pw"))
    named = {f"{field}{name}": value for name, value in lookup.items()}
    assert client.get(reverse(f"admin:{page}_changelist"), named).status_code in {200, 302}
