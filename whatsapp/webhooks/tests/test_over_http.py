"""The stand-in for Meta and the installation over real HTTP both ways: what Meta does of its own accord."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from django.db.models import F

from businesses.models import Business
from testing.broadcasts import addresses, make_broadcast, make_template
from testing.meta import ThreadedMeta
from whatsapp.conftest import Send, states
from whatsapp.models import Attempt, Broadcast, MessageTemplate, Recipient, Sender, WebhookNews
from whatsapp.providers.sandbox.script import Action, Reaction, hold
from whatsapp.sending import doubts
from whatsapp.states import PauseReason
from whatsapp.webhooks.applying import apply_news

LOST, HELD, *OTHERS = addresses(6)
HOUR = timedelta(hours=1)


@pytest.fixture
def visit(sender: Sender) -> MessageTemplate:
    """A template that the stand-in lists; Meta watches its quality."""
    return make_template(sender, name="appointment_reminder", category="UTILITY", quality="UNKNOWN")


@pytest.fixture
def online(meta: ThreadedMeta, live_server: Any) -> ThreadedMeta:
    """The stand-in posts its webhooks to a running server of ours."""
    meta.webhook_url = f"{live_server.url}/whatsapp/webhooks/cloud/"
    return meta


def until(reached: Callable[[], bool]) -> None:
    """Apply the news that come in, until they have had this effect."""
    ends_at = time.monotonic() + 30
    while not reached():
        if time.monotonic() > ends_at:
            pytest.fail("The news did not come")
        apply_news(datetime.now(UTC))


def post(url: str, told: dict[str, Any]) -> int:
    """Post JSON to the stand-in. Returns the status."""

    async def ask() -> int:
        async with aiohttp.ClientSession() as http, http.post(url, json=told) as answer:
            return answer.status

    return asyncio.run(ask())


def two_hours_pass() -> None:
    """Let everything that has happened have happened two hours earlier."""
    Attempt.objects.update(started_at=F("started_at") - 2 * HOUR)
    MessageTemplate.objects.update(held_at=F("held_at") - 2 * HOUR)
    Recipient.objects.exclude(sent_at=None).update(
        accepted_at=F("accepted_at") - 2 * HOUR, sent_at=F("sent_at") - 2 * HOUR
    )


def row(address: str) -> Recipient:
    return Recipient.objects.get(address=address)


@pytest.mark.timeout(120)
def test_a_template_that_is_moved_pauses_its_broadcast(
    acme: Business, online: ThreadedMeta, sender: Sender, visit: MessageTemplate, send: Send
) -> None:
    broadcast = make_broadcast(sender, visit, OTHERS)
    address = f"{online.url.removesuffix('/v25.0')}/templates"
    assert post(f"{address}/no_such/category", {"to": "MARKETING"}) == 404
    assert post(f"{address}/appointment_reminder/category", {"to": "MARKETING"}) == 200
    until(lambda: Broadcast.objects.filter(status="paused").exists())
    broadcast.refresh_from_db()
    assert (broadcast.pause_reason, broadcast.cause_data["new_category"]) == (PauseReason.CATEGORY, "MARKETING")
    send()
    assert not online.accepted


@pytest.mark.timeout(120)
def test_a_message_that_is_held_for_a_day_is_not_sent_again(
    acme: Business, online: ThreadedMeta, sender: Sender, visit: MessageTemplate, send: Send
) -> None:
    fates = {LOST: hold(20 * 3_600, Reaction.RESET), HELD: hold(1_800)}
    online.script = lambda address, _nth: fates.get(address, Action())
    make_broadcast(sender, visit, [LOST, HELD, *OTHERS])
    send()
    until(lambda: states_of_all() == {"delivered": 4, "held": 1, "unknown": 1})
    online.clock = lambda: datetime.now(UTC) + HOUR
    until(lambda: states_of_all() == {"delivered": 5, "unknown": 1})
    two_hours_pass()
    # What leaves now is reported, and nothing is known to be held: silence alone would be taken for proof.
    later = make_broadcast(sender, visit, addresses(2, start=50))
    send()
    until(lambda: states(later) == {"delivered": 2})
    for hours in (0, 22):
        assert doubts.weigh(datetime.now(UTC) + hours * HOUR) == 0
    send()
    online.clock = lambda: datetime.now(UTC) + 20 * HOUR
    until(lambda: row(LOST).status == "delivered")
    send()
    people = [post.address for post in online.posts]
    assert sorted(people) == sorted(set(people)), "each was written to once"
    assert not WebhookNews.objects.filter(applied_at=None).exists()


def states_of_all() -> dict[str, int]:
    return states(Broadcast.objects.earliest("created_at"))
