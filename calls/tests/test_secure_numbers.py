"""What Twilio is told to do with callers while nothing of ours answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import CommandError, call_command

from businesses.models import Business
from calls.tests.conftest import NUMBER, PUBLIC_URL
from testing.twilio import TwilioAccount, threaded_twilio

FALLBACK = "+97235550111"
VOICE_URL = f"{PUBLIC_URL}/calls/twilio/voice/"


@pytest.fixture
def account(settings: Any) -> Iterator[TwilioAccount]:
    """The operator's account, with the business's number as Twilio's console sets it up."""
    with threaded_twilio() as server:
        settings.TWILIO_API_URL, settings.PUBLIC_URL = server.url, PUBLIC_URL
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", "token"
        account = TwilioAccount("token", bought=frozenset({NUMBER}), voice_urls={NUMBER: {"voice_url": VOICE_URL}})
        server.accounts["AC1"] = account
        yield account


def secure(*options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("secure_numbers", *options, stdout=out)
    (found,) = json.loads(out.getvalue())["numbers"]
    return dict(found)


def told(account: TwilioAccount) -> str:
    """Returns the TwiML that the echo gives back."""
    address = urlsplit(account.voice_urls[NUMBER]["voice_fallback_url"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://twimlets.com/echo"
    return parse_qs(address.query)["Twiml"][0]


def test_a_caller_reaches_the_owner_though_nothing_of_ours_is_up(business: Business, account: TwilioAccount) -> None:
    Business.objects.filter(pk=business.pk).update(fallback_number=FALLBACK, max_call_minutes=10)
    assert secure() == {
        "number": NUMBER, "business": business.slug, "voice_url": VOICE_URL, "rings": FALLBACK, "changed": True,
        "problem": None,
    }  # fmt: skip
    assert f'<Dial timeLimit="600" timeout="30">{FALLBACK}</Dial>' in told(account)
    assert told(account).count("<Say") == 2, "and hears when nobody answers"
    assert account.voice_urls[NUMBER]["voice_fallback_method"] == "GET"
    assert secure()["changed"] is False
    assert secure("--check")["changed"] is False


@pytest.mark.parametrize("fallback", ["", "+19005550111"])
def test_without_a_number_that_may_be_dialled_they_hear_a_sentence(
    business: Business, account: TwilioAccount, fallback: str
) -> None:
    Business.objects.filter(pk=business.pk).update(fallback_number=fallback)
    assert secure()["rings"] == ""
    assert "<Dial" not in told(account)
    assert "<Say" in told(account)


def test_checking_changes_nothing_and_tells_what_would_change(business: Business, account: TwilioAccount) -> None:
    with pytest.raises(CommandError, match="not up to date"):
        secure("--check")
    assert "voice_fallback_url" not in account.voice_urls[NUMBER]


def test_a_number_whose_calls_go_elsewhere_is_told(business: Business, account: TwilioAccount) -> None:
    account.voice_urls[NUMBER]["voice_url"] = "https://demo.twilio.com/welcome/voice/"
    with pytest.raises(CommandError, match=VOICE_URL):
        secure()


def test_a_number_of_another_account_is_told(business: Business, account: TwilioAccount, settings: Any) -> None:
    with threaded_twilio() as other:
        settings.TWILIO_API_URL = other.url
        other.accounts["AC1"] = TwilioAccount("token")
        with pytest.raises(CommandError, match="no such number"):
            secure()


@pytest.mark.parametrize(("token", "words"), [("wrong", "does not accept"), ("", "Set TWILIO")])
def test_wrong_credentials_are_told(
    business: Business, account: TwilioAccount, settings: Any, token: str, words: str
) -> None:
    settings.TWILIO_AUTH_TOKEN = token
    with pytest.raises(CommandError, match=words):
        secure()


def test_a_twilio_that_does_not_answer_is_told(business: Business, settings: Any, account: TwilioAccount) -> None:
    settings.TWILIO_API_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="does not answer"):
        secure()
