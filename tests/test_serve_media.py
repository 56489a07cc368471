"""The server of media streams alone: how it starts, what it answers besides streams, and how it stops."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from django.core.management import CommandError, call_command
from multidict import CIMultiDict
from picows import WSUpgradeRequest, WSUpgradeResponseWithListener
from pytest_django import Settings

from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.telephone.twilio_peer import TwilioPeer
from frontdesk import media_server
from testing import services
from testing.servers import Daphne, StartDaphne, media_process
from tests.test_stopping_with_a_call import CALLER, ENDED_CALLS, PHONE, stopping


@pytest.mark.once
def test_it_does_not_start_without_redis(settings: Settings) -> None:
    settings.REDIS_URL = ""
    with pytest.raises(CommandError, match="serve_media needs REDIS_URL"):
        call_command("serve_media")


def get(path: bytes) -> tuple[int, bytes | None]:
    """Returns what a request gets that asks for no WebSocket."""
    request = WSUpgradeRequest()
    request.method, request.path, request.version, request.headers = b"GET", path, b"HTTP/1.1", CIMultiDict()
    answer = media_server._answer(request)
    assert isinstance(answer, WSUpgradeResponseWithListener)
    return answer.response.status, answer.response.body


@pytest.mark.once
async def test_a_process_that_can_not_look_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    assert get(b"/healthz") == (200, b'{"alive": true}')
    monkeypatch.setattr(media_server, "_health", known := media_server._Health())
    known._ready = (200, b"{}")
    assert get(b"/readyz?at=once") == (200, b"{}")
    known._looked_at = time.monotonic() - media_server.STALE_S - 1
    status, body = get(b"/readyz")
    assert (status, json.loads(body or b"")["ready"]) == (503, False)


@pytest.fixture
def redis() -> Iterator[str]:
    with services.redis() as url:
        yield url


@pytest.mark.realtime
async def test_calls_end_before_it_does_and_a_second_signal_hands_them_over(
    daphne: StartDaphne, redis: str, tmp_path: Path
) -> None:
    async with RealtimeServer() as openai:
        pages = await asyncio.to_thread(
            lambda: daphne(
                REDIS_URL=redis,
                OPENAI_API_KEY="any",
                OPENAI_REALTIME_URL=openai.websocket_url,
                OPENAI_BASE_URL=openai.http_url,
            )
        )
        await asyncio.to_thread(pages.manage, "create_business", "acme", "--name", "Acme", "--phone", PHONE)
        with media_process(pages, tmp_path) as server:
            peer = TwilioPeer(pages.url, media_url=server.url)
            async with peer as twilio, twilio.call(to=PHONE, from_=CALLER) as running:
                await running.connected()
                server.process.send_signal(signal.SIGTERM)
                await stopping(server)
                assert server.process.poll() is None
                assert await asyncio.to_thread(status_of, server, "/calls/twilio/media/") == 403
                server.process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(server.process.wait, 20) == 0, server.log
                async with asyncio.timeout(20):
                    while len(running.flow.streams) < 2:  # noqa: ASYNC110 - Twilio's side opens it
                        await asyncio.sleep(0.05)
                assert not running.is_over
                await running.hang_up()
        ended = await asyncio.to_thread(pages.manage, "shell", "--no-imports", "-c", ENDED_CALLS)
    # Who hangs up while the second stream is being opened is heard of by Twilio's report.
    assert ended.splitlines() in (["('ended', 'caller_left')"], ["('ended', 'over_at_twilio')"])


def status_of(server: Daphne, path: str) -> int:
    try:
        with urlopen(f"{server.url}{path}") as answer:
            return int(answer.status)
    except HTTPError as refused:
        return refused.code
