"""The same people at both providers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from businesses.models import Business
from testing.meta import ThreadedMeta
from testing.twilio import TwilioAccount, threaded_twilio
from whatsapp.conftest import Send
from whatsapp.sending.limiter import limiter
from whatsapp.webhooks.tests.worlds import TOKEN, MetaWorld, TwilioWorld


@pytest.fixture
def at_meta(acme: Business, client: Client, send: Send, meta: ThreadedMeta) -> MetaWorld:
    """A number at Meta."""
    return MetaWorld(acme, client, send, meta)


@pytest.fixture
def at_twilio(acme: Business, client: Client, send: Send, settings: Any) -> Iterator[TwilioWorld]:
    """A number at Twilio."""
    limiter.cache_clear()
    cache.clear()
    with threaded_twilio() as twilio:
        settings.TWILIO_API_URL = twilio.url
        settings.PUBLIC_URL = "http://127.0.0.1:8000"
        twilio.accounts["AC1"] = TwilioAccount(TOKEN, senders=frozenset({"+15550100000"}))
        yield TwilioWorld(acme, client, send, twilio)


@pytest.fixture(params=["meta", "twilio"])
def world(request: pytest.FixtureRequest, acme: Business) -> MetaWorld | TwilioWorld:
    """Each test that asks for this runs at both."""
    found: MetaWorld | TwilioWorld = request.getfixturevalue(f"at_{request.param}")
    return found
