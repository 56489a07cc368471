"""The edge to OpenAI against servers that say less than the documentation, or something odd; over real sockets."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from pytest_django import Settings

from calls import openai_websocket
from calls.conversation.events import ModelLost, ModelReady, ResponseAudio, ResponseEnded, ResponseStatus, TurnCommitted
from calls.line import picows_connection, realtime, realtime_connection
from calls.line.model_socket import Connect
from calls.line.realtime_events import AudioDelta, Understood
from calls.tests.test_realtime_events import PLAN
from testing.certificates import certificate

pytestmark = pytest.mark.parametrize(
    "connect", [realtime_connection.connect, picows_connection.connect], ids=["websockets", "picows"]
)
PAYLOAD = base64.b64encode(b"\xff" * 160).decode()


class OddServer:
    """Sends `first` to whoever connects, answers the configuration with `then`, and goes on to listen.

    Each of `then` is an event, the pieces of one, `ping`, `abort`, or the code of its end. One that is deaf reads
    nothing after the configuration.
    """

    session: realtime.RealtimeSession
    asked: dict[str, str]
    authorization: str

    def __init__(self, *, first: dict[str, Any] | web.Response, then: list[Any], is_deaf: bool = False) -> None:
        self._first, self._then, self._is_deaf = first, then, is_deaf
        self.received: list[dict[str, Any]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked, self.authorization = dict(request.query), request.headers["Authorization"]
        if isinstance(self._first, web.Response):
            return self._first
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.send_json(self._first)
        async for message in websocket:
            self.received.append(message.json())
            if message.json()["type"] == "session.update":
                for each in self._then:
                    await self._send(websocket, request, each)
                if self._is_deaf:
                    cast("asyncio.Transport", request.transport).pause_reading()
                    await asyncio.sleep(60)
        return websocket

    async def _send(self, websocket: web.WebSocketResponse, request: web.Request, what: Any) -> None:
        match what:
            case int():
                await websocket.close(code=what)
            case "ping":
                await websocket.ping()
            case "abort":
                cast("asyncio.Transport", request.transport).abort()
            case [*pieces]:
                for number, piece in enumerate(pieces):
                    await send_piece(websocket, piece, is_first=number == 0, is_last=number == len(pieces) - 1)
            case _:
                await websocket.send_json(what)


async def send_piece(websocket: web.WebSocketResponse, piece: str, *, is_first: bool, is_last: bool) -> None:
    """Send a frame of a message in several."""
    opcode = (0x80 if is_last else 0) | (0x1 if is_first else 0x0)
    assert websocket._writer is not None
    websocket._writer.transport.write(bytes([opcode, len(piece)]) + piece.encode())


@asynccontextmanager
async def session_with(
    server: OddServer,
    settings: Settings,
    connect: Connect = realtime_connection.connect,
    tls: ssl.SSLContext | None = None,
    asked: str = "",
) -> AsyncIterator[asyncio.Queue[Understood]]:
    """A session with this server; what it tells."""
    application = web.Application()
    application.router.add_get("/v1/realtime", server.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    scheme = "wss://localhost" if tls else "ws://127.0.0.1"
    settings.OPENAI_REALTIME_URL = f"{scheme}:{runner.addresses[0][1]}/v1{asked}"
    told: asyncio.Queue[Understood] = asyncio.Queue()
    session = realtime.RealtimeSession(PLAN, connect=connect, clock=lambda: 1.0, tell=told.put_nowait)
    server.session = session
    session.start(history=[], replay=list, timeout_s=30.0)
    try:
        yield told
    finally:
        session.close()
        await session.closed()
        await runner.cleanup()


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
    created: dict[str, Any], connect: Connect, settings: Settings
) -> None:
    server = OddServer(first=created, then=[{"type": "session.updated"}])
    async with session_with(server, settings, connect) as told:
        assert await until(told, lambda _: True) == [ModelReady(1.0, None)]


async def test_events_with_the_least_in_them_are_understood_and_nonsense_between_them_is_not_minded(
    connect: Connect, settings: Settings
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
    async with session_with(OddServer(first={"type": "session.created"}, then=then), settings, connect) as told:
        found = await until(told, lambda each: isinstance(each, ResponseEnded))
    assert [each for each in found if isinstance(each, TurnCommitted | AudioDelta | ResponseEnded | ModelLost)] == [
        TurnCommitted(1.0, "turn"),
        AudioDelta(ResponseAudio(1.0, "r", "i", 160), PAYLOAD),
        ResponseEnded(1.0, "r", ResponseStatus.INCOMPLETE),
    ]


async def test_whatever_ends_a_session_is_told(
    connect: Connect, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours is none of those that were foreseen, and the caller must not wait for ever because of it."""

    def mistaken(*_args: object) -> None:
        raise AttributeError

    monkeypatch.setattr(realtime, "session_lifetime_s", mistaken)
    server = OddServer(first={"type": "session.created"}, then=[{"type": "session.updated"}])
    async with session_with(server, settings, connect) as told:
        assert await until(told, lambda _: True) == [ModelLost(1.0, "AttributeError")]


async def test_what_waits_to_be_sent_is_bounded_and_then_the_session_is_lost(
    connect: Connect, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realtime_connection, "MOST_UNSENT", 10)
    monkeypatch.setattr(picows_connection, "MOST_UNSENT", 10_000)
    monkeypatch.setattr(realtime_connection, "SEND_TIMEOUT_S", 0.5)
    server = OddServer(first={"type": "session.created"}, then=[{"type": "session.updated"}], is_deaf=True)
    async with session_with(server, settings, connect) as told:
        assert await until(told, lambda _: True) == [ModelReady(1.0, None)]
        while told.empty():
            for _ in range(200):
                server.session.append_audio(PAYLOAD)
            await asyncio.sleep(0)
        assert await until(told, lambda _: True) == [ModelLost(1.0, "timeout")]


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        ({"type": "error", "error": {"code": "session_expired"}}, "session_expired"),
        (1001, "closed_1001"),
        (4000, "closed_4000"),
        ("abort", "closed"),
    ],
)
async def test_why_a_connection_ended_is_told(ending: Any, reason: str, connect: Connect, settings: Settings) -> None:
    server = OddServer(first={"type": "session.created"}, then=[{"type": "session.updated"}, ending])
    async with session_with(server, settings, connect) as told:
        found = await until(told, lambda each: isinstance(each, ModelLost))
    assert found[-1] == ModelLost(1.0, reason)


async def test_what_the_address_asks_for_stays_and_the_model_is_added(connect: Connect, settings: Settings) -> None:
    settings.OPENAI_REALTIME_MODEL = "a model"
    server = OddServer(first={"type": "session.created"}, then=[{"type": "session.updated"}])
    async with session_with(server, settings, connect, asked="?api-version=1") as told:
        assert await until(told, lambda _: True) == [ModelReady(1.0, None)]
    assert server.asked == {"api-version": "1", "model": "a model"}
    assert server.authorization.startswith("Bearer ")


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_a_refused_handshake_is_told_with_its_status(status: int, connect: Connect, settings: Settings) -> None:
    body = {"error": {"code": "insufficient_quota", "message": "You exceeded your current quota."}}
    server = OddServer(first=web.json_response(body, status=status), then=[])
    async with session_with(server, settings, connect) as told:
        (lost,) = await until(told, lambda _: True)
    assert isinstance(lost, ModelLost)
    assert "insufficient_quota" in lost.reason


async def test_a_redirect_is_a_refusal_and_no_other_address_gets_the_key(connect: Connect, settings: Settings) -> None:
    elsewhere = OddServer(first={"type": "session.created"}, then=[{"type": "session.updated"}])
    async with session_with(elsewhere, settings, connect) as told:
        await until(told, lambda _: True)
        headers = {"Location": f"{settings.OPENAI_REALTIME_URL}/realtime"}
        del elsewhere.authorization
        server = OddServer(first=web.Response(status=307, headers=headers), then=[])
        async with session_with(server, settings, connect) as told_here:
            (lost,) = await until(told_here, lambda _: True)
    assert isinstance(lost, ModelLost)
    assert not hasattr(elsewhere, "authorization")


@pytest.mark.parametrize("is_trusted", [True, False])
async def test_the_line_is_encrypted_and_a_stranger_is_not_taken_for_openai(
    is_trusted: bool, connect: Connect, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificate(tmp_path)
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(made.chain, made.key)
    trusts = ssl.create_default_context(cafile=str(made.authority) if is_trusted else None)
    monkeypatch.setattr(openai_websocket, "tls", lambda: trusts)
    then = [
        {"type": "session.updated"},
        *({"type": "input_audio_buffer.committed", "item_id": f"{n}"} for n in range(99)),
    ]
    server = OddServer(first={"type": "session.created"}, then=then)
    async with session_with(server, settings, connect, served) as told:
        if is_trusted:
            await until(told, lambda each: isinstance(each, TurnCommitted) and each.item_id == "98")
            for _ in range(500):
                server.session.append_audio(PAYLOAD)
            async with asyncio.timeout(30):
                while len(server.received) < 501:  # noqa: ASYNC110 - the server's side counts
                    await asyncio.sleep(0.01)
        else:
            assert await until(told, lambda _: True) == [ModelLost(1.0, "unreachable")]


async def test_events_in_pieces_and_pings_are_taken(connect: Connect, settings: Settings) -> None:
    then = [{"type": "session.updated"}, "ping", ["{", '"type": "input_audio_buffer.committed",', '"item_id": "turn"}']]
    async with session_with(OddServer(first={"type": "session.created"}, then=then), settings, connect) as told:
        assert await until(told, lambda each: isinstance(each, TurnCommitted))
