"""The stand-in for OpenAI with a lane for each business, so that calls with different faults run side by side.

`RealtimeServer` has one scenario for all clients. Here each business has its own, found by its name in the session's
instructions: the first event is read before the session begins. Faults of the handshake happen before the business is
known, so they affect all clients (`at_the_door`).
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Self

from aiohttp import WSMessage, WSMsgType, web

from calls.sandbox.openai.client_events import WireEvent
from calls.sandbox.openai.connection import Connection, Faculties, Message
from calls.sandbox.openai.http_bodies import refused
from calls.sandbox.openai.scenario import HangAtConnect, Refuse, Scenario
from calls.sandbox.openai.session import RealtimeSession
from calls.sandbox.receptionist.engine import ScriptedEngine, StandInEngine
from calls.sandbox.telephone.outgoing_call import CallMaker
from calls.sandbox.telephone.recording_shelf import RecordingShelf
from calls.sandbox.voices.ears import DeafListener, ScriptedListener
from testing.numbered import NumberedVoice

_NAME = re.compile(r"You answer the telephone of (.*)\.\n")


class _ReadAhead(web.WebSocketResponse):
    """A WebSocket whose first message can be put back."""

    put_back: WSMessage | None = None

    async def receive(self, timeout: float | None = None) -> WSMessage:  # noqa: ASYNC109 - aiohttp's signature
        message, self.put_back = self.put_back, None
        return message or await super().receive(timeout)


@dataclass
class Lane:
    """One business's OpenAI. `connections` keeps every session that was ever opened, in order."""

    scenario: Scenario
    connections: list[Connection] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._responses = count()
        self._faculties = Faculties(
            ScriptedEngine(self.scenario.replies, StandInEngine()),
            NumberedVoice(),
            ScriptedListener(self.scenario.transcripts, DeafListener()),
        )

    async def serve(self, websocket: web.WebSocketResponse, request: web.Request) -> None:
        """Serve one session until it ends."""
        session = RealtimeSession(
            scenario=self.scenario,
            ordinal=len(self.connections),
            next_response=lambda: next(self._responses),
            model=request.query["model"],
            token=secrets.token_hex(4),
            epoch_s=time.time(),
            now=asyncio.get_running_loop().time(),
        )
        connection = Connection(websocket, request, session, self._faculties, records=True)
        self.connections.append(connection)
        await connection.run()

    # What came and went ---------------------------------------------------------------------------
    def messages(self, kind: str) -> list[Message]:
        """Returns the client's events of this type, over all connections, with their times."""
        return [each for connection in self.connections for each in connection.received if each.event["type"] == kind]

    def received(self, kind: str) -> list[WireEvent]:
        """Returns the same, without the times."""
        return [each.event for each in self.messages(kind)]

    def sent(self, kind: str) -> list[WireEvent]:
        """Returns the server's events of this type."""
        return [m.event for each in self.connections for m in each.sent if m.event["type"] == kind]

    def errors(self) -> list[str | None]:
        """Returns the codes (or else the messages) of the server's `error` events."""
        return [each["error"]["code"] or each["error"]["message"] for each in self.sent("error")]


class Exchange:
    """A server that serves all lanes on one port, and beside them Twilio's recordings (`shelf`).

    `words`: what is heard in every recording. `maker` makes the calls that the installation asks Twilio for.
    """

    def __init__(self) -> None:
        self.shelf = RecordingShelf()
        self.words = "Please call me back."
        self.maker = CallMaker()
        self.lanes: dict[str, Lane] = {}
        self.url = ""
        self.attempts_at: list[float] = []
        self._door, self._first_at_door = Scenario(), 0
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @contextmanager
    def at_the_door(self, scenario: Scenario) -> Iterator[None]:
        """Apply this scenario's `Refuse`, `HangAtConnect` and session lifetime to all clients during the block."""
        self._door, self._first_at_door = scenario, len(self.attempts_at)
        try:
            yield
        finally:
            self._door = Scenario()

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_get("/v1/realtime", self._answer)
        application.router.add_post("/v1/audio/transcriptions", self._transcribe)
        application.add_routes(self.shelf.routes())
        application.add_routes(self.maker.routes())
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        for lane in self.lanes.values():
            for connection in lane.connections:
                connection.abort()
        if self._runner:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        ordinal = len(self.attempts_at) - self._first_at_door
        self.attempts_at.append(asyncio.get_running_loop().time())
        if self._door.striking(HangAtConnect, ordinal):
            await self._stopping.wait()
        if refuse := self._door.striking(Refuse, ordinal):
            return refused(refuse.status)
        websocket = _ReadAhead(compress=False, max_msg_size=16 * 1024 * 1024)
        await websocket.prepare(request)
        # The session sends `session.created` again, which clients that wait for `session.updated` ignore.
        await websocket.send_json(self._created())
        first = await websocket.receive()
        if first.type is WSMsgType.TEXT:
            websocket.put_back = first
            await self._lane_of(first.json()).serve(websocket, request)
        return websocket

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        await request.post()
        return web.json_response({"text": self.words})

    def _created(self) -> WireEvent:
        expires_at = int(time.time() + self._door.session_lifetime_s)
        return {"type": "session.created", "event_id": "event_0", "session": {"expires_at": expires_at}}

    def _lane_of(self, update: dict[str, Any]) -> Lane:
        found = _NAME.search(update["session"]["instructions"])
        assert found, "instructions without the business's name"
        return self.lanes[found[1]]
