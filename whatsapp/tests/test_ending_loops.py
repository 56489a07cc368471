"""A sending loop that ends, as one does every few seconds, leaves nothing that it has claimed without its post."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from django.test import Client

from businesses.models import Business
from testing.broadcasts import addresses
from testing.meta import ThreadedMeta
from whatsapp.conftest import Send
from whatsapp.inbox import direct_messages
from whatsapp.models import Broadcast, DirectMessage, InboundMessage, MessageTemplate, Sender
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.running.loop import SendingLoop
from whatsapp.sending import direct
from whatsapp.webhooks import confirming
from whatsapp.webhooks.tests.notes import cloud_notice, post_cloud

FIRST = addresses(1)[0]


@pytest.fixture
def end_in_claim(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType], None]:
    """Let the loop end while a module's `claim` is under way."""

    def arrange(module: ModuleType) -> None:
        is_claiming, claim, end = threading.Event(), module.claim, SendingLoop._end

        def claim_slowly(*given: Any) -> Any:
            is_claiming.set()
            time.sleep(0.2)
            return claim(*given)

        async def end_meanwhile(*given: Any) -> None:
            await asyncio.to_thread(is_claiming.wait, 10)
            await end(*given)

        monkeypatch.setattr(module, "claim", claim_slowly)
        monkeypatch.setattr(SendingLoop, "_end", end_meanwhile)

    return arrange


def test_a_message_to_one_person_is_posted(
    transactional_db: None,
    meta: ThreadedMeta,
    sender: Sender,
    template: MessageTemplate,
    send: Send,
    end_in_claim: Callable[[ModuleType], None],
) -> None:
    end_in_claim(direct)
    told = {"to": FIRST, "params": {"first_name": "Dana"}, "key": uuid.UUID(int=7), "now": datetime.now(UTC)}
    direct_messages.send_test(sender, template, **told)  # type: ignore[arg-type]
    send()
    assert (DirectMessage.objects.get().status, len(meta.posts)) == ("accepted", 1)


def test_an_opt_out_is_confirmed(
    meta: ThreadedMeta,
    client: Client,
    acme: Business,
    broadcast: Broadcast,
    send: Send,
    end_in_claim: Callable[[ModuleType], None],
) -> None:
    Broadcast.objects.update(status="paused")
    post_cloud(client, cloud_notice([Happening(FIRST, "wamid.a", "", "reply", datetime.now(UTC), text="stop")]))
    end_in_claim(confirming)
    send(run_for_s=0.1)
    assert InboundMessage.objects.get().confirmed_at is not None
    assert [text["to"] for text in meta.texts] == [FIRST]
