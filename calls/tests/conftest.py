"""What the tests of calls share: businesses with numbers, and Twilio's way of asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from twilio.request_validator import RequestValidator

from businesses.models import Business, PhoneNumber
from businesses.tenancy import acting_for
from calls.conversation import Conversation
from calls.models import Call, CallStatus
from calls.records import store
from calls.telephone import stream_tokens

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PUBLIC_URL = "https://frontdesk.example"
AUTH_TOKEN = "twilio-test-token"
NUMBER = "+97235550100"

TwilioPost = Callable[..., HttpResponse]


def make_business(**values: Any) -> Business:
    defaults = {"name": "Dental Clinic", "slug": f"clinic-{uuid4().hex[:8]}", "language": "en", "time_zone": "UTC"}
    return Business.objects.create(**{**defaults, **values})


def make_call(business: Business, **values: Any) -> Call:
    defaults = {"twilio_call_sid": f"CA{uuid4().hex}", "called_number": NUMBER, "started_at": NOW}
    return Call.objects.create(business=business, **{**defaults, **values})


def make_live_call(business: Business, **values: Any) -> Call:
    return make_call(business, **{"status": CallStatus.LIVE, "stream_opened_at": NOW, "alive_at": NOW, **values})


def kept(call: Call) -> Call:
    """The call as the database has it."""
    with acting_for(call.business):
        return Call.objects.get(pk=call.pk)


@pytest.fixture
def business(db: None) -> Business:
    business = make_business()
    PhoneNumber.objects.create(number=NUMBER, business=business)
    return business


@pytest.fixture
def ringing(business: Business) -> tuple[Call, str]:
    """A call that has come in, and the token of its stream."""
    call = make_call(business)
    return call, stream_tokens.issue(call, now=NOW)


@pytest.fixture
def twilio_post(settings: Any, client: Client) -> TwilioPost:
    """Post a form as Twilio does: signed with its own package, for the public address."""
    settings.PUBLIC_URL, settings.TWILIO_AUTH_TOKEN = PUBLIC_URL, AUTH_TOKEN

    def post(path: str, **form: str) -> HttpResponse:
        signature = RequestValidator(AUTH_TOKEN).compute_signature(PUBLIC_URL + path, form)
        return client.post(path, form, headers={"X-Twilio-Signature": signature})  # type: ignore[return-value]

    return post


@pytest.fixture
def records_thread() -> Iterator[None]:
    """For tests in which the records' thread writes: its connection must be closed before the database is removed."""
    yield
    store.close_connection()


RESTS = Conversation._rests


@pytest.fixture(autouse=True)
def settled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settle at each event for which the conversation thinks that it need not, and see that there was nothing to do."""

    def rests_indeed(self: Conversation, at: float) -> bool:
        if not RESTS(self, at):
            return False
        commands = self._commands.copy()
        self._settle(at)
        assert self._commands == commands
        assert not self._is_over
        return True

    monkeypatch.setattr(Conversation, "_rests", rests_indeed)
