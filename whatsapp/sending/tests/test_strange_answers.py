"""Answers as no documentation has them: ids that repeat, ids without end, texts that are none. Nothing gets stuck."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import aiohttp
import pytest

from whatsapp.conftest import Send, states
from whatsapp.models import Broadcast, Recipient
from whatsapp.providers import posting
from whatsapp.providers.base import SendResult
from whatsapp.providers.cloud import client

ACCEPTED: dict[str, Any] = {"messages": [{"id": "wamid.1"}]}
LONG: dict[str, Any] = {"messages": [{"id": "wamid." + "x" * 1000}]}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, ACCEPTED, {"accepted": 20}),
        (200, LONG, {"accepted": 20}),
        (200, {"messages": [{"id": 17, "extra": None}], "more": [1]}, {"accepted": 20}),
        (400, {"error": {"code": 131026, "message": "a\0b", "error_data": {"details": "\0"}}}, {"failed": 20}),
    ],
    ids=["the same id for all", "an id of 1000 characters", "a number for an id", "a text with the character 0"],
)
def test_strange_answers_are_kept_as_well_as_can_be(
    broadcast: Broadcast, send: Send, monkeypatch: Any, status: int, body: dict[str, Any], expected: dict[str, int]
) -> None:
    posted: Counter[str] = Counter()

    async def post(_http: aiohttp.ClientSession, _url: str, sent: bytes, _headers: Any) -> posting.Answer | SendResult:
        posted[json.loads(sent)["to"]] += 1
        return posting.Answer(status, json.dumps(body).encode())

    monkeypatch.setattr(client, "post", post)
    send()
    assert states(broadcast) == expected
    assert set(posted.values()) == {1}
    assert Recipient.objects.exclude(attempt_id=None).count() == 20
