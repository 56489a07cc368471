"""Fixtures of WhatsApp's tests: a business with a number at a stand-in for Meta, and ways to send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from businesses.models import Business
from businesses.tenancy import acting_for
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template
from testing.meta import ThreadedMeta, threaded_meta
from whatsapp.models import Broadcast, MessageTemplate, Recipient, Sender
from whatsapp.running.loop import LoopReport, SendingLoop
from whatsapp.sending.limiter import limiter

Report = Callable[[], None]
Send = Callable[..., LoopReport]


@pytest.fixture
def meta(settings: Any) -> Iterator[ThreadedMeta]:
    """A stand-in for Meta, which the installation is set to talk to."""
    limiter.cache_clear()
    cache.clear()
    with threaded_meta() as server:
        settings.WHATSAPP_API_URL = server.url
        settings.WHATSAPP_APP_SECRET = server.app_secret
        settings.WHATSAPP_TIMEOUT_S = 2
        yield server


@pytest.fixture
def acme(transactional_db: None) -> Iterator[Business]:
    """A business, and the test acts for it."""
    business = Business.objects.create(name="Acme", slug="acme", time_zone="Asia/Jerusalem")
    with acting_for(business):
        yield business


@pytest.fixture
def sender(acme: Business) -> Sender:
    """Its number."""
    return make_sender(acme)


@pytest.fixture
def template(sender: Sender) -> MessageTemplate:
    """Its approved template."""
    return make_template(sender)


@pytest.fixture
def broadcast(sender: Sender, template: MessageTemplate) -> Broadcast:
    """A running broadcast to 20 people."""
    return make_broadcast(sender, template, addresses(20))


@pytest.fixture
def send(meta: ThreadedMeta) -> Send:
    """Run the sending loop until it is idle."""

    def run(**options: Any) -> LoopReport:
        return asyncio.run(SendingLoop(**({"until_idle": True, "run_for_s": 20.0} | options)).run())

    return run


@pytest.fixture
def report(meta: ThreadedMeta, client: Client) -> Report:
    """Deliver everything that the stand-in has to report."""

    def deliver() -> None:
        for body in meta.webhooks():
            answer = client.post(
                "/whatsapp/webhooks/cloud/", body, content_type="application/json", headers=meta.signed(body)
            )
            if answer.status_code != 200:
                pytest.fail(f"A webhook was answered with {answer.status_code}")

    return deliver


def states(broadcast: Broadcast) -> dict[str, int]:
    """How many people are in which state, without the states that nobody is in."""
    found: dict[str, int] = {}
    for status in Recipient.objects.filter(broadcast=broadcast).values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found
