"""Webhooks as Twilio can be set to send them, and addresses that can't work."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from twilio.request_validator import RequestValidator

from businesses.models import PhoneNumber
from calls.telephone import twilio
from calls.tests.conftest import make_business
from frontdesk.secret_forms import address_refusals

NUMBER = "+15005550006"
FORMS = [NUMBER, "15005550006", f"sip:{NUMBER}@sip.example.com", f"whatsapp:{NUMBER}", f"sip:{NUMBER}@x;user=phone"]


@pytest.mark.parametrize("written", FORMS)
def test_the_called_number_is_found_however_it_is_written(written: str) -> None:
    assert twilio.number_of(written) == NUMBER


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("called", FORMS)
def test_a_signed_webhook_is_answered(db: None, settings: Any, method: str, called: str) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = "a" * 32, "https://desk.example.com"
    PhoneNumber.objects.create(business=make_business(), number=NUMBER)
    told = {"CallSid": "CA1", "To": called, "From": "+12125550100"}
    path = "/calls/twilio/voice/" + (f"?{urlencode(told)}" if method == "get" else "")
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    signature = validator.compute_signature(settings.PUBLIC_URL + path, told if method == "post" else {})
    ask = getattr(Client(headers={"X-Twilio-Signature": signature}), method)
    answer = ask(path, told) if method == "post" else ask(path)
    assert (answer.status_code, b"<Stream" in answer.content) == (200, True)
    forged = getattr(Client(headers={"X-Twilio-Signature": signature}), method)
    assert forged(path + ("&" if method == "get" else "?") + "To=%2B15005550007").status_code == 403


@pytest.mark.parametrize(
    ("realtime", "base", "named"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1", "OPENAI_REALTIME_URL must be an address like wss"),
        ("wss://api.openai.com/v1/realtime", "https://api.openai.com/v1", "OPENAI_REALTIME_URL must end before"),
        ("api.openai.com/v1", "https://api.openai.com/v1", "OPENAI_REALTIME_URL"),
        ("wss://api.openai.com/v1", "wss://api.openai.com/v1", "OPENAI_BASE_URL"),
    ],
)
def test_an_address_that_can_not_work_is_refused(realtime: str, base: str, named: str) -> None:
    (problem,) = address_refusals(realtime_url=realtime, base_url=base)
    assert problem.startswith(named)


def test_addresses_that_work_are_not_refused() -> None:
    assert address_refusals(realtime_url="ws://127.0.0.1:9000/v1", base_url="http://127.0.0.1:9000/v1") == []
