"""What a process remembers of its numbers, and what callers hear by it while the database is away."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from businesses.models import Business, PhoneNumber
from businesses.tenancy import across_businesses
from calls import short_waits
from calls.conversation.commands import NextStep
from calls.telephone import from_memory, intake

pytestmark = pytest.mark.django_db
NUMBER, OWNER = "+12125550006", "+12125559999"


@pytest.fixture
def business(monkeypatch: pytest.MonkeyPatch) -> Business:
    monkeypatch.setattr(from_memory, "_numbers", {})
    monkeypatch.setattr(short_waits, "close_old_connections", lambda: None)  # the connection of the test stays
    business = Business.objects.create(name="Acme", slug="acme", language="en", fallback_number=OWNER)
    PhoneNumber.objects.create(business=business, number=NUMBER)
    return business


def told(**more: str) -> dict[str, str]:
    return {"CallSid": "CA1", "To": NUMBER, "From": "+12125550001", **more}


def said(*, is_after: bool = False, **more: str) -> str:
    with across_businesses():
        from_memory.read()
    return str(from_memory.answer(told(**more), is_after=is_after))


def test_a_caller_reaches_the_owner(business: Business) -> None:
    assert f">{OWNER}</Dial>" in said()
    assert 'callerId="' not in said(), "the caller's own number is shown"
    assert f'callerId="{NUMBER}"' in said(From="anonymous")


@pytest.mark.parametrize(
    "change",
    [
        {"fallback_number": ""},
        {"fallback_number": NUMBER},
        {"fallback_number": "+19005550000"},
        {"fallback_number": "+97231234567"},
        {"is_active": False},
        {"minutes_left": Decimal("0.2")},
    ],
)
def test_nobody_is_rung_who_would_not_be_rung_otherwise(business: Business, change: dict[str, Any]) -> None:
    Business.objects.filter(pk=business.pk).update(**change)
    assert "<Dial" not in said()
    assert "can't take your call" in said()


def test_an_unknown_number_is_answered_in_every_language(business: Business) -> None:
    assert said(To="+12125550009").count("<Say") == 2


def test_after_a_call_that_is_over_nobody_is_rung(business: Business) -> None:
    assert "<Dial" in said(is_after=True, CallStatus="in-progress")
    assert "<Dial" not in said(is_after=True, CallStatus="completed")
    assert "<Dial" not in said(is_after=True, DialCallStatus="completed")
    assert "nobody can answer" in said(is_after=True, DialCallStatus="no-answer")
    from_memory.keep_next_step("CA2", NextStep.HANG_UP)
    assert "<Dial" not in said(is_after=True, CallSid="CA2", CallStatus="in-progress")
    from_memory.keep_next_step("CA3", NextStep.TRANSFER)
    assert "<Dial" in said(is_after=True, CallSid="CA3", CallStatus="in-progress")


def test_a_webhook_whose_query_fails_answers_from_memory(
    business: Business, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.DEBUG = "", True
    said()  # reads

    def fails(**_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(intake, "take_in", fails)
    assert f">{OWNER}</Dial>" in client.post("/calls/twilio/voice/", told()).content.decode()
