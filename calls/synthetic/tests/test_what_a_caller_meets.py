"""Installations that serve a caller badly, each in its way: the call says what is wrong."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web

from calls.audio.ulaw import SAMPLE_RATE
from calls.audio.waiting_tone import waiting_tone
from calls.models import SyntheticFault
from calls.synthetic import caller
from calls.synthetic.outcomes import Outcome
from testing.thread_server import in_a_thread

pytestmark = [pytest.mark.once, pytest.mark.realtime]

GREETING = bytes(range(1, 251)) * 16  # half a second, no two moments of it alike
LONG_ANSWER = bytes([40]) * 10 * SAMPLE_RATE
ASKED_BY_S = 3.6
"""By then the caller has heard the greeting, waited and asked."""


_answering: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class Installation:
    """What a caller hears of it: at once, and after the question. It never lets itself be interrupted."""

    greets_with: bytes = GREETING
    answers_with: bytes = b""
    status: int = 200
    tones: int = 0

    @contextmanager
    def serving(self) -> Iterator[str]:
        app = web.Application()
        app.router.add_get("/healthz", self._alive)
        app.router.add_post("/calls/twilio/voice/", self._voice)
        app.router.add_post("/calls/twilio/status/", self._alive)
        app.router.add_get("/media/", self._media)
        with in_a_thread(app) as url:
            yield url

    async def _alive(self, request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _voice(self, request: web.Request) -> web.Response:
        stream = f"ws://{request.host}/media/"
        answer = f'<Response><Connect><Stream url="{stream}"/></Connect></Response>'
        return web.Response(text=answer, status=self.status)

    async def _media(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            event = json.loads(message.data)
            if event["event"] == "start":
                await self._say(socket, event["streamSid"], self.greets_with)
                answering = asyncio.create_task(self._answer(socket, event["streamSid"]))
                _answering.add(answering)
                answering.add_done_callback(_answering.discard)
        return socket

    async def _answer(self, socket: web.WebSocketResponse, stream_sid: str) -> None:
        await asyncio.sleep(ASKED_BY_S)
        if not socket.closed:
            await self._say(socket, stream_sid, self.answers_with)
        for _ in range(self.tones):
            if not socket.closed:
                await self._say(socket, stream_sid, waiting_tone())
                await asyncio.sleep(1.5)

    async def _say(self, socket: web.WebSocketResponse, stream_sid: str, audio: bytes) -> None:
        if audio:
            media = {"payload": b64encode(audio).decode()}
            await socket.send_str(json.dumps({"event": "media", "streamSid": stream_sid, "media": media}))


def called(installation: Installation) -> Outcome:
    with installation.serving() as url:
        return asyncio.run(caller.place(url, number="try-1", greeting=GREETING))


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("_GREETING_BEGINS_S", 1.0), ("_GREETING_ENDS_S", 3.0), ("_ANSWER_BEGINS_S", 4.0)):
        monkeypatch.setattr(caller, name, seconds)


@pytest.mark.parametrize(
    ("installation", "fault", "whole"),
    [
        (Installation(greets_with=b""), SyntheticFault.NO_GREETING, False),
        (Installation(greets_with=GREETING[:-160]), SyntheticFault.GREETING_CUT, False),
        (Installation(greets_with=GREETING[:800] + GREETING[960:] + bytes(160)), SyntheticFault.GREETING_CUT, False),
        (Installation(), SyntheticFault.NO_ANSWER, True),
        (Installation(tones=2), SyntheticFault.NO_ANSWER, True),
        (Installation(answers_with=LONG_ANSWER), SyntheticFault.NOT_INTERRUPTED, True),
        (Installation(status=403), SyntheticFault.REFUSED, None),
    ],
    ids=["silent", "cut", "a frame lost", "deaf", "tones only", "talks on", "refuses"],
)
def test_what_is_wrong(installation: Installation, fault: SyntheticFault, whole: bool | None) -> None:
    outcome = called(installation)
    assert (outcome.fault, outcome.greeting_whole) == (fault, whole)
    assert outcome.interruption_ms is None
    assert (outcome.first_sound_ms is None) == (not installation.greets_with or whole is None)


def test_nobody_answers() -> None:
    with Installation().serving() as url:
        pass
    outcome = asyncio.run(caller.place(url, number="try-1", greeting=GREETING))
    assert outcome == Outcome(SyntheticFault.UNREACHABLE)
