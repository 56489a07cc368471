"""A call comes in: answered by the assistant, or by a clear sentence, and never by an error page."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from businesses.models import Business, PhoneNumber
from businesses.tenancy import across_businesses, acting_for
from calls.conversation.end_reasons import EndReason
from calls.line.admission import open_stream
from calls.models import Call, CallOutcome, CallStatus
from calls.tests.conftest import (
    AUTH_TOKEN,
    NOW,
    NUMBER,
    PUBLIC_URL,
    TwilioPost,
    make_business,
    make_call,
    make_live_call,
)

VOICE = "/calls/twilio/voice/"
FORM = {"CallSid": "CA1", "From": "+972501234567", "To": NUMBER, "CallStatus": "ringing"}


def calls() -> list[Call]:
    with across_businesses():
        return list(Call.objects.all())


def token_in(twiml: str) -> str:
    return twiml.split('<Parameter name="token" value="')[1].split('"', maxsplit=1)[0]


def connecting(token: str, host: str = "frontdesk.example", tls: str = "s") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Response>'
        f'<Connect action="http{tls}://{host}/calls/twilio/after/" method="POST">'
        f'<Stream statusCallback="http{tls}://{host}/calls/twilio/status/" statusCallbackMethod="POST" '
        f'url="ws{tls}://{host}/calls/twilio/media/"><Parameter name="token" value="{token}" /></Stream>'
        "</Connect></Response>"
    )


def english(words: str, then: str = "<Hangup />") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Response>'
        f'<Say language="en-US" voice="Polly.Joanna">{words}</Say>{then}</Response>'
    )


def dialing(number: str) -> str:
    return (
        f'<Dial action="{PUBLIC_URL}/calls/twilio/after/" method="POST" timeLimit="3600" timeout="30">{number}</Dial>'
    )


def test_a_call_is_connected_to_the_assistant_by_a_token_that_opens_its_stream(
    business: Business, twilio_post: TwilioPost
) -> None:
    with time_machine.travel(NOW, tick=False):
        answer = twilio_post(VOICE, **FORM)
    twiml = answer.content.decode()
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml")
    assert twiml == connecting(token_in(twiml))
    (call,) = calls()
    assert (call.business, call.status, call.called_number) == (business, CallStatus.RINGING, NUMBER)
    assert (call.caller_number, call.started_at, call.outcome) == ("+972501234567", NOW, "")
    plan = open_stream(token=token_in(twiml), call_sid="CA1", stream_sid="MZ1", now=NOW)
    assert plan.call_id == call.pk


def test_without_tls_the_stream_has_none_either(business: Business, client: Client, settings: Any) -> None:
    settings.PUBLIC_URL, settings.TWILIO_AUTH_TOKEN, settings.DEBUG = "http://127.0.0.1:8000", "", True
    twiml = client.post(VOICE, FORM).content.decode()
    assert twiml == connecting(token_in(twiml), host="127.0.0.1:8000", tls="")


def test_the_address_works_without_its_last_slash(business: Business, twilio_post: TwilioPost) -> None:
    assert "<Connect" in twilio_post(VOICE.rstrip("/"), **FORM).content.decode()


def test_a_repeated_webhook_gets_a_fresh_token_for_the_same_call(business: Business, twilio_post: TwilioPost) -> None:
    first = token_in(twilio_post(VOICE, **FORM).content.decode())
    second = token_in(twilio_post(VOICE, **FORM).content.decode())
    assert first != second
    (call,) = calls()
    assert open_stream(token=second, call_sid="CA1", stream_sid="MZ1", now=timezone.now()).call_id == call.pk


@pytest.mark.parametrize("status", [CallStatus.LIVE, CallStatus.ENDED])
def test_a_repeated_webhook_after_the_stream_opened_starts_nothing(
    business: Business, twilio_post: TwilioPost, status: CallStatus
) -> None:
    call = make_live_call(business, twilio_call_sid="CA1", status=status)
    twiml = twilio_post(VOICE, **FORM).content.decode()
    assert twiml == english("We are sorry, we can't take your call at the moment. Please call again later. Thank you.")
    (after,) = calls()
    assert (after.pk, after.status, after.stream_token_hash) == (call.pk, status, "")


def test_an_unknown_number_is_told_in_every_language(business: Business, twilio_post: TwilioPost) -> None:
    answer = twilio_post(VOICE, **{**FORM, "To": "+97235559999"})
    assert answer.status_code == 200
    assert answer.content.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><Response>'
        '<Say language="he-IL" voice="Google.he-IL-Wavenet-A">המספר שחייגתם אינו פעיל כרגע. שלום ותודה.</Say>'
        '<Say language="en-US" voice="Polly.Joanna">'
        "The number you have dialed is not in service at the moment. Goodbye.</Say><Hangup /></Response>"
    )
    assert calls() == []


def refused(outcome_reason: str) -> None:
    (call,) = [call for call in calls() if call.twilio_call_sid == "CA1"]
    assert (call.status, call.outcome, call.end_reason) == (CallStatus.ENDED, CallOutcome.REFUSED, outcome_reason)
    assert call.stream_token_hash == ""
    assert call.ended_at is not None


def test_an_inactive_business(business: Business, twilio_post: TwilioPost) -> None:
    Business.objects.filter(pk=business.pk).update(is_active=False)
    spoken = english("The number you have dialed is not in service at the moment. Goodbye.")
    assert twilio_post(VOICE, **FORM).content.decode() == spoken
    refused(EndReason.NOT_IN_SERVICE)
    assert twilio_post(VOICE, **FORM).content.decode() == spoken  # asked again: the same, and still one call
    refused(EndReason.NOT_IN_SERVICE)


def test_an_inactive_number(business: Business, twilio_post: TwilioPost) -> None:
    PhoneNumber.objects.filter(business=business).update(is_active=False)
    twilio_post(VOICE, **FORM)
    refused(EndReason.NOT_IN_SERVICE)


def test_no_minutes_rings_nobody_at_the_operators_cost(business: Business, twilio_post: TwilioPost) -> None:
    Business.objects.filter(pk=business.pk).update(minutes_left=Decimal(0), fallback_number="+97235550111")
    assert twilio_post(VOICE, **FORM).content.decode() == english(
        "We are sorry, we can't take your call at the moment. Please call again later. Thank you."
    )
    refused(EndReason.NO_MINUTES)


def test_all_lines_busy_and_a_fallback_number(business: Business, twilio_post: TwilioPost) -> None:
    Business.objects.filter(pk=business.pk).update(max_concurrent_calls=1, fallback_number="+97235550111")
    make_call(business)
    with time_machine.travel(NOW):
        assert twilio_post(VOICE, **FORM).content.decode() == english(
            "One moment please, we are putting you through.", dialing("+97235550111")
        )
    refused(EndReason.ALL_BUSY)


def test_no_minutes_in_hebrew_without_a_fallback_number(business: Business, twilio_post: TwilioPost) -> None:
    Business.objects.filter(pk=business.pk).update(minutes_left=Decimal("-0.5"), language="he")
    assert twilio_post(VOICE, **FORM).content.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><Response><Say language="he-IL" voice="Google.he-IL-Wavenet-A">'
        "מצטערים, אין באפשרותנו לענות כרגע. אנא התקשרו שוב מאוחר יותר. תודה.</Say><Hangup /></Response>"
    )


def test_all_lines_busy(business: Business, twilio_post: TwilioPost) -> None:
    Business.objects.filter(pk=business.pk).update(max_concurrent_calls=2)
    make_live_call(business)
    make_call(business)
    with time_machine.travel(NOW):
        assert twilio_post(VOICE, **FORM).content.decode() == english(
            "All our lines are busy at the moment. Please call again in a few minutes. Thank you."
        )
    refused(EndReason.ALL_BUSY)


def test_only_calls_that_somebody_holds_take_a_line_and_only_of_this_business(
    business: Business, twilio_post: TwilioPost
) -> None:
    Business.objects.filter(pk=business.pk).update(max_concurrent_calls=1)
    make_live_call(business, status=CallStatus.ENDED)
    make_live_call(business, alive_at=NOW - timedelta(minutes=2))  # its process died
    make_call(business, started_at=NOW - timedelta(minutes=5))  # its stream never opened
    make_live_call(make_business())
    with time_machine.travel(NOW):
        assert "<Connect" in twilio_post(VOICE, **FORM).content.decode()


@pytest.mark.parametrize("signature", ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "é"])
def test_a_forged_signature_does_nothing(business: Business, client: Client, settings: Any, signature: str) -> None:
    settings.PUBLIC_URL, settings.TWILIO_AUTH_TOKEN = PUBLIC_URL, AUTH_TOKEN
    answer = client.post(VOICE, FORM, headers={"X-Twilio-Signature": signature} if signature else {})
    assert answer.status_code == 403
    assert calls() == []


def test_a_signature_for_other_words_or_another_host_does_nothing(
    business: Business, client: Client, twilio_post: TwilioPost, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://elsewhere.example"  # Twilio signed PUBLIC_URL as it was before
    assert twilio_post(VOICE, **FORM).status_code == 403
    assert calls() == []


def test_without_a_token_nothing_passes_outside_development(business: Business, client: Client, settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.DEBUG = "", False
    assert client.post(VOICE, FORM).status_code == 403
    assert calls() == []


@pytest.mark.parametrize("name", ["voice", "after", "status"])
def test_only_twilios_methods(business: Business, client: Client, name: str) -> None:
    assert client.put(f"/calls/twilio/{name}/").status_code == 405
    assert client.get(f"/calls/twilio/{name}/").status_code == 403, "unsigned"


@pytest.mark.django_db
def test_a_database_that_is_away_is_an_apology(twilio_post: TwilioPost, caplog: pytest.LogCaptureFixture) -> None:
    def away(*_: object) -> None:
        raise OperationalError("connection refused")

    with connection.execute_wrapper(away):
        answer = twilio_post(VOICE, **FORM)
    assert answer.status_code == 200
    assert "We are sorry, we can't take your call at the moment." in answer.content.decode()
    assert "מצטערים" in answer.content.decode()
    assert "the database failed: OperationalError" in caplog.text
    assert "+972501234567" not in caplog.text


def test_no_phone_number_is_logged(
    business: Business, twilio_post: TwilioPost, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    twilio_post(VOICE, **FORM)
    twilio_post(VOICE, **{**FORM, "CallSid": "CA2", "To": "+97235559999"})
    assert "taken" in caplog.text
    assert "501234567" not in caplog.text
    assert "3555" not in caplog.text


def test_the_called_number_decides_whose_call_it_is(business: Business, twilio_post: TwilioPost) -> None:
    other = make_business()
    PhoneNumber.objects.create(number="+97235550200", business=other)
    twilio_post(VOICE, **{**FORM, "To": "+97235550200"})
    with acting_for(business):
        assert not Call.objects.exists()
    with acting_for(other):
        assert Call.objects.count() == 1
