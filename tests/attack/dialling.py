"""What the attacks by telephone share: two businesses with a fallback number, and what Twilio posts and reads."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from businesses.models import Business, DailyLimits, DayUsage, Membership, User
from businesses.tests.rows import Tenant, make_tenant
from calls.models import Call, CallOutcome, CallStatus, NextStep
from calls.tests.conftest import TwilioPost, make_live_call, twilio_post

__all__ = ["twilio_post"]

VOICE, AFTER, STATUS = "/calls/twilio/voice/", "/calls/twilio/after/", "/calls/twilio/status/"
COLLEAGUE, CALLER = "+97235550111", "+972521112233"


@pytest.fixture
def alpha(db: None) -> Tenant:
    return make_ready("qqaaa", "+97235550100")


@pytest.fixture
def beta(db: None) -> Tenant:
    return make_ready("qqbbb", "+97235550200")


def make_ready(marker: str, number: str) -> Tenant:
    """Returns a tenant without rows of its own that would hold lines."""
    tenant = make_tenant(marker, number)
    Call._base_manager.filter(business=tenant.business).delete()
    DailyLimits._base_manager.filter(business=tenant.business).delete()
    DayUsage._base_manager.filter(business=tenant.business).delete()
    Membership._base_manager.filter(business=tenant.business).update(may_transfer_anywhere=True)
    return tenant


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def change(tenant: Tenant, **values: Any) -> None:
    Business.objects.filter(pk=tenant.business.pk).update(**values)


def limit(tenant: Tenant, **values: Any) -> None:
    DailyLimits._base_manager.update_or_create(business=tenant.business, defaults=values)


def ended(tenant: Tenant, step: NextStep = NextStep.TRANSFER, **values: Any) -> Call:
    values = {"status": CallStatus.ENDED, "outcome": CallOutcome.TRANSFERRED, "caller_number": CALLER, **values}
    return make_live_call(tenant.business, next_step=step, called_number=tenant.number, **values)


def dialled(twiml: Any) -> ElementTree.Element | None:
    return ElementTree.fromstring(twiml.content.decode()).find("Dial")  # noqa: S314 - our own answer


def after(post: TwilioPost, call: Call, **form: str) -> Any:
    return post(AFTER, CallSid=call.twilio_call_sid, **{"CallStatus": "in-progress", **form})


def voice(post: TwilioPost, tenant: Tenant, *, caller: str = CALLER, sid: str = "CA1") -> Any:
    return post(VOICE, CallSid=sid, From=caller, To=tenant.number, CallStatus="ringing")
