"""One client of the stand-in for OpenAI: the shell around `RealtimeSession`, with its socket and its clock."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from aiohttp import ClientConnectionResetError, WSMsgType, web

from calls.sandbox.openai.client_events import WireEvent
from calls.sandbox.openai.generation import Made, Spoken
from calls.sandbox.openai.outputs import Abort, Close, Listen, Output, Send, SendRaw, Think
from calls.sandbox.openai.session import RealtimeSession
from calls.sandbox.receptionist.engine import Engine, Part, Say
from calls.sandbox.voices.ears import Listener
from calls.sandbox.voices.phrases import whole
from calls.sandbox.voices.voices import Voice

logger = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")

_AUDIO_EVENT = "input_audio_buffer.append"


@dataclass(frozen=True, slots=True)
class Message:
    """An event with its time (the event loop's clock)."""

    at: float
    event: WireEvent


@dataclass(frozen=True, slots=True)
class Faculties:
    """The stand-in's engine, voice and listener. `phrases` cuts an utterance into pieces that are rendered singly."""

    engine: Engine
    voice: Voice
    listener: Listener
    phrases: Callable[[str], list[str]] = whole


class Connection:
    """A WebSocket and its session.

    Where it `records`, `received` holds the client's events except audio, `received_audio` those with audio, and
    `sent` the server's events. `close_code` is set when it is over.
    """

    def __init__(
        self,
        websocket: web.WebSocketResponse,
        request: web.Request,
        session: RealtimeSession,
        faculties: Faculties,
        *,
        records: bool,
    ) -> None:
        self.session = session
        self.received: list[Message] = []
        self.received_audio: list[Message] = []
        self.sent: list[Message] = []
        self._websocket = websocket
        self._request = request
        self._faculties = faculties
        self._records = records
        self._loop = asyncio.get_running_loop()
        self._outbox: asyncio.Queue[Output] = asyncio.Queue()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._begun: tuple[Listen, asyncio.Task[str]] | None = None  # the transcription begun at the last pause
        self._timer: asyncio.TimerHandle | None = None

    @property
    def close_code(self) -> int | None:
        """Returns the close code, whichever side closed; None while the connection is open."""
        return self._websocket.close_code

    async def run(self) -> None:
        """Serve the client until the connection is over."""
        self._start(self._send_outputs())
        self._tick()
        try:
            async for message in self._websocket:
                if self.session.is_black_hole(self._loop.time()):
                    await asyncio.Event().wait()  # until the client cuts the line, or the server stops
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self._receive(message.data)
        finally:
            if self._timer:
                self._timer.cancel()
            for task in self._tasks:
                task.cancel()

    def abort(self) -> None:
        """Cut the TCP connection without a close frame."""
        if self._request.transport:
            self._request.transport.abort()

    def _receive(self, text: str | bytes) -> None:
        now = self._loop.time()
        if self._records:
            self._record(text, now)
        self._carry_out(self.session.receive(text, now))

    def _record(self, text: str | bytes, now: float) -> None:
        try:
            event = json.loads(text)
        except ValueError:
            event = None
        if isinstance(event, dict):
            (self.received_audio if event.get("type") == _AUDIO_EVENT else self.received).append(Message(now, event))

    def _tick(self) -> None:
        self._carry_out(self.session.tick(self._loop.time()))

    def _carry_out(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            match output:
                case Think():
                    self._start(self._think(output))
                case Listen():
                    self._listen(output)
                case _:
                    self._outbox.put_nowait(output)
        if self._timer:
            self._timer.cancel()
        due = self.session.next_due()
        self._timer = None if due is None else self._loop.call_at(due, self._tick)

    def _start(self, coroutine: Coroutine[None, None, ResultT]) -> asyncio.Task[ResultT]:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _think(self, thought: Think) -> None:
        parts = await self._faculties.engine.reply(thought.request)
        async for made in self._make(parts, thought.voice):
            is_wanted = self.session.speak(thought.response_id, [made], self._loop.time(), more=True)
            self._tick()
            if not is_wanted:
                return
        self.session.speak(thought.response_id, [], self._loop.time())
        self._tick()

    async def _make(self, parts: Iterable[Part], voice: str) -> AsyncIterator[Made]:
        for part in parts:
            if not isinstance(part, Say):
                yield part
                continue
            for number, words in enumerate(self._faculties.phrases(part.words)):
                rendering = await self._faculties.voice.speak(words.strip(), voice=voice)
                marked = (
                    f"{rendering.remark} {words}" if rendering.remark and number == 0 and not part.is_exact else words
                )
                yield Spoken(marked, rendering.as_ulaw(), goes_on=number > 0)

    def _listen(self, turn: Listen) -> None:
        """Transcribe a turn from its pause on: the turn may have ended by then, or the caller may go on."""
        listener = self._faculties.listener
        if not (turn.is_over or listener.listens_in_pauses):
            return
        begun, self._begun = self._begun, None
        if begun and replace(begun[0], is_over=turn.is_over) == turn:
            task = begun[1]
        else:
            if begun:
                begun[1].cancel()
            task = self._start(listener.transcribe(turn.audio, language=turn.language))
        if turn.is_over:
            self._start(self._tell(turn.item_id, task))
        else:
            self._begun = turn, task

    async def _tell(self, item_id: str, transcribing: asyncio.Task[str]) -> None:
        self.session.heard(item_id, await transcribing, self._loop.time())
        self._tick()

    async def _send_outputs(self) -> None:
        try:
            while True:
                await self._send(await self._outbox.get())
        except ClientConnectionResetError:
            logger.info("The client left before everything was sent")

    async def _send(self, output: Output) -> None:
        if self.session.is_black_hole(self._loop.time()):
            return
        match output:
            case Send(event):
                if self._records:
                    self.sent.append(Message(self._loop.time(), event))
                await self._websocket.send_str(json.dumps(event))
            case SendRaw(str(frame)):
                await self._websocket.send_str(frame)
            case SendRaw(bytes(frame)):
                await self._websocket.send_bytes(frame)
            case Close(code, reason):
                await self._websocket.close(code=code, message=reason.encode())
            case Abort():
                self.abort()
            case Think() | Listen():
                raise AssertionError("not for the client")
