"""The stand-in for OpenAI: `/v1/realtime` by WebSocket and, by HTTP, speech, transcriptions, responses and models.

async with RealtimeServer(Scenario(faults=(Refuse(status=429, times=1),))) as server:
    ...  # OPENAI_REALTIME_URL=server.websocket_url, OPENAI_BASE_URL=server.http_url
    assert server.connections[0].received[0].event["type"] == "session.update"
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from itertools import count
from types import TracebackType
from typing import Self

from aiohttp import web

from calls.sandbox.openai.connection import Connection, Faculties
from calls.sandbox.openai.http_bodies import error, has_key, refused
from calls.sandbox.openai.models_endpoint import ModelsEndpoint
from calls.sandbox.openai.scenario import HangAtConnect, Refuse, Scenario
from calls.sandbox.openai.session import RealtimeSession
from calls.sandbox.openai.speech_endpoint import SpeechEndpoint
from calls.sandbox.openai.summary_endpoint import SummaryEndpoint
from calls.sandbox.openai.transcription_endpoint import TranscriptionEndpoint
from calls.sandbox.receptionist.engine import Engine, ScriptedEngine, StandInEngine
from calls.sandbox.voices.babble import BabbleVoice
from calls.sandbox.voices.ears import DeafListener, Listener, ScriptedListener
from calls.sandbox.voices.phrases import whole
from calls.sandbox.voices.voices import Voice

_MAX_FRAME_BYTES = 16 * 1024 * 1024  # OpenAI takes events of up to 15 MiB


class RealtimeServer:
    """Serves until it is stopped. If it `records`, `connections` keeps every WebSocket that was ever opened."""

    def __init__(
        self,
        scenario: Scenario | None = None,
        *,
        voice: Voice | None = None,
        engine: Engine | None = None,
        listener: Listener | None = None,
        phrases: Callable[[str], list[str]] = whole,
        records: bool = True,
    ) -> None:
        self.scenario = scenario or Scenario()
        self.connections: list[Connection] = []
        self.url = ""
        self._voice = voice or BabbleVoice()
        self._faculties = Faculties(
            ScriptedEngine(self.scenario.replies, engine or StandInEngine()),
            self._voice,
            ScriptedListener(self.scenario.transcripts, listener or DeafListener()),
            phrases,
        )
        self._records = records
        self._attempts = count()
        self._responses = count()
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def websocket_url(self) -> str:
        """Returns the value for `OPENAI_REALTIME_URL`."""
        return self.url.replace("http", "ws", 1)

    @property
    def http_url(self) -> str:
        """Returns the value for `OPENAI_BASE_URL`."""
        return self.url

    async def start(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 chooses a free one. Raises `OSError` when the port is taken."""
        application = web.Application()
        application.router.add_get("/v1/realtime", self._realtime)
        application.router.add_post("/v1/audio/speech", SpeechEndpoint(self._voice).handle)
        application.router.add_post("/v1/responses", SummaryEndpoint(self.scenario).handle)
        application.router.add_post("/v1/audio/transcriptions", TranscriptionEndpoint(self._faculties.listener).handle)
        application.router.add_get("/v1/models", ModelsEndpoint(self.scenario).handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://{host}:{port}/v1"

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        self._stopping.set()
        for connection in self.connections:
            connection.abort()
        if self._runner:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _realtime(self, request: web.Request) -> web.StreamResponse:
        ordinal = next(self._attempts)
        if self.scenario.striking(HangAtConnect, ordinal):
            await self._stopping.wait()
        if refusal := self._refusal(request, ordinal):
            return refusal
        websocket = web.WebSocketResponse(compress=False, max_msg_size=_MAX_FRAME_BYTES)
        await websocket.prepare(request)
        if "OpenAI-Beta" in request.headers:
            await websocket.send_json(_BETA_IS_GONE)
            await websocket.close(code=4000, message=b"beta_api_shape_disabled")
            return websocket
        session = RealtimeSession(
            scenario=self.scenario,
            ordinal=ordinal,
            next_response=lambda: next(self._responses),
            model=request.query["model"],
            token=secrets.token_hex(4),
            epoch_s=time.time(),
            now=asyncio.get_running_loop().time(),
        )
        connection = Connection(websocket, request, session, self._faculties, records=self._records)
        self.connections.append(connection)
        try:
            await connection.run()
        finally:
            if not self._records:
                self.connections.remove(connection)
        return websocket

    def _refusal(self, request: web.Request, ordinal: int) -> web.Response | None:
        if refuse := self.scenario.striking(Refuse, ordinal):
            return refused(refuse.status)
        if not has_key(request):
            return error(401, "You didn't provide an API key.", code="invalid_api_key")
        if not request.query.get("model"):
            return error(400, "Missing required parameter: 'model'.", code="missing_model", param="model")
        return None


_BETA_IS_GONE = {
    "type": "error",
    "event_id": "event_beta",
    "error": {
        "type": "invalid_request_error",
        "code": "beta_api_shape_disabled",
        "message": "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.",
        "param": None,
        "event_id": None,
    },
}
