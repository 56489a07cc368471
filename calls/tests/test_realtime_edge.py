"""The edge to OpenAI against servers that say less than the documentation, or something odd; over real sockets."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from pytest_django import Settings

from calls.conversation.events import ModelLost, ModelReady, ResponseAudio, ResponseEnded, ResponseStatus, TurnCommitted
from calls.line import realtime, realtime_connection
from calls.line.realtime_events import AudioDelta, Understood
from calls.tests.test_realtime_events import PLAN

PAYLOAD = base64.b64encode(b"\xff" * 160).decode()


class OddServer:
    """Sends `first` to whoever connects, answers the configuration with `then`, and goes on to listen."""

    def __init__(self, *, first: dict[str, Any], then: list[dict[str, Any]]) -> None:
        self._first, self._then = first, then
        self.received: list[dict[str, Any]] = []

    async def answer(self, request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.send_json(self._first)
        async for message in websocket:
            self.received.append(message.json())
            if message.json()["type"] == "session.update":
                for each in self._then:
                    await websocket.send_json(each)
        return websocket


@asynccontextmanager
async def session_with(server: OddServer, settings: Settings) -> AsyncIterator[asyncio.Queue[Understood]]:
    """A session with this server; what it tells."""
    application = web.Application()
    application.router.add_get("/v1/realtime", server.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    settings.OPENAI_REALTIME_URL = f"ws://127.0.0.1:{runner.addresses[0][1]}/v1"
    realtime_connection._client.cache_clear()
    told: asyncio.Queue[Understood] = asyncio.Queue()
    session = realtime.RealtimeSession(PLAN, clock=lambda: 1.0, tell=told.put_nowait)
    session.start(history=[], replay=list, timeout_s=30.0)
    try:
        yield told
    finally:
        session.close()
        await session.closed()
        await runner.cleanup()
        realtime_connection._client.cache_clear()


async def until(told: asyncio.Queue[Understood], is_it: Callable[[Understood], bool]) -> list[Understood]:
    """Everything that is told up to the first thing that is it."""
    found: list[Understood] = []
    async with asyncio.timeout(30):
        while not found or not is_it(found[-1]):
            found.append(await told.get())
    return found


@pytest.mark.parametrize(
    "created",
    [
        {"type": "session.created"},
        {"type": "session.created", "session": None},
        {"type": "session.created", "session": {"id": "sess_1", "expires_at": 0}},
        {"type": "session.created", "session": {"id": "sess_1", "expires_at": 1_700_000_000}},
        {"type": "session.created", "session": {"id": "sess_1", "expires_at": "soon"}},
    ],
)
async def test_a_session_that_does_not_say_when_it_ends_is_not_renewed(
    created: dict[str, Any], settings: Settings
) -> None:
    async with session_with(OddServer(first=created, then=[{"type": "session.updated"}]), settings) as told:
        assert await until(told, lambda _: True) == [ModelReady(1.0, None)]


async def test_events_with_the_least_in_them_are_understood_and_nonsense_between_them_is_not_minded(
    settings: Settings,
) -> None:
    then: list[dict[str, Any]] = [
        {"type": "session.updated"},
        {"type": "input_audio_buffer.committed", "item_id": "turn"},
        {"type": "response.created", "response": None},
        {"type": "response.output_audio.delta", "delta": None},
        {"type": "response.output_audio.delta", "delta": PAYLOAD, "response_id": "r", "item_id": "i", "odd": [1]},
        {"type": "conversation.item.input_audio_transcription.completed"},
        {"type": "response.done", "response": {"id": "r"}},
    ]
    async with session_with(OddServer(first={"type": "session.created"}, then=then), settings) as told:
        found = await until(told, lambda each: isinstance(each, ResponseEnded))
    assert [each for each in found if isinstance(each, TurnCommitted | AudioDelta | ResponseEnded | ModelLost)] == [
        TurnCommitted(1.0, "turn"),
        AudioDelta(ResponseAudio(1.0, "r", "i", 160), PAYLOAD),
        ResponseEnded(1.0, "r", ResponseStatus.INCOMPLETE),
    ]


async def test_whatever_ends_a_session_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours is none of those that were foreseen, and the caller must not wait for ever because of it."""

    def mistaken(*_args: object) -> None:
        raise AttributeError

    monkeypatch.setattr(realtime, "session_lifetime_s", mistaken)
    server = OddServer(first={"type": "session.created"}, then=[{"type": "session.updated"}])
    async with session_with(server, settings) as told:
        assert await until(told, lambda _: True) == [ModelLost(1.0, "AttributeError")]


async def test_what_waits_to_be_sent_is_bounded_and_then_the_session_is_lost(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realtime, "MOST_UNSENT", 10)
    sessions: list[realtime.RealtimeSession] = []
    create = realtime.RealtimeSession.__init__

    def remembered(session: realtime.RealtimeSession, *arguments: Any, **more: Any) -> None:
        create(session, *arguments, **more)
        sessions.append(session)

    monkeypatch.setattr(realtime.RealtimeSession, "__init__", remembered)
    server = OddServer(first={"type": "session.created"}, then=[{"type": "session.updated"}])
    async with session_with(server, settings) as told:
        assert await until(told, lambda _: True) == [ModelReady(1.0, None)]
        for _ in range(12):
            sessions[0].append_audio(PAYLOAD)
        assert sessions[0]._outbox.qsize() == 10
        assert await until(told, lambda _: True) == [ModelLost(1.0, "timeout")]
