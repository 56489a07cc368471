"""What Twilio does in a call: it asks the server for TwiML, opens the media stream, and follows the verbs."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import aiohttp

from calls.sandbox.telephone import dialling, twiml
from calls.sandbox.telephone.after_the_beep import AfterTheBeep, Recorded, Recorder, Tray
from calls.sandbox.telephone.called_person import CalledPerson, Dialled
from calls.sandbox.telephone.dialling import Dialling
from calls.sandbox.telephone.frame_clock import FrameClock
from calls.sandbox.telephone.media_stream import LineConditions, MediaStream, TwilioIds
from calls.sandbox.telephone.stream_socket import StreamSocket
from calls.sandbox.telephone.twiml import Verb

VOICE_PATH = "/calls/twilio/voice/"
STATUS_PATH = "/calls/twilio/status/"
_MAX_VERBS = 60  # a server that redirects in circles; one that waits does so for some seconds
_NEXT_S = 0.05  # from the end of a stream until Twilio asks what comes next: a way to its servers and back


class Server(Protocol):
    """How to reach the server that is tried."""

    clock: FrameClock

    async def post(self, url: str, fields: dict[str, str]) -> tuple[int, str]:
        """Post a webhook. Returns the answer's status and body."""
        ...

    async def get(self, url: str) -> tuple[int, bytes]:
        """Fetch a sound that is to be played. Returns the answer's status and body."""
        ...

    async def open_websocket(self, url: str) -> aiohttp.ClientWebSocketResponse:
        """Open a media stream's WebSocket."""
        ...


@dataclass(slots=True)
class CallRecord:
    """What happened in a call, besides its stream. `verbs`: what Twilio was told to do, in order.

    `errors`: what Twilio's debugger would show, with its codes. `hung_up_by`: `caller` or `server`. `dialled`: numbers
    that were rung. `messages`: what was recorded after a beep. `played`: files that were played to the caller.
    """

    verbs: list[Verb] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    hung_up_by: str = ""
    dialled: list[Dialled] = field(default_factory=list)
    messages: list[Recorded] = field(default_factory=list)
    played: list[bytes] = field(default_factory=list)


class CallFlow:
    """One call. `socket` is its (latest) media stream, also when that is over; `streams`: all of them."""

    def __init__(
        self,
        server: Server,
        ids: TwilioIds,
        numbers: dict[str, str],
        line: LineConditions,
        seed: int,
    ) -> None:
        self.record = CallRecord()
        self.ids = ids
        self.socket: StreamSocket | None = None
        self.streams: list[MediaStream] = []
        self.people: Sequence[CalledPerson] = ()  # who answers the numbers that are dialled, in turn
        self.after_beep = AfterTheBeep()
        self.keys: list[str] = []  # what the caller presses when keys are asked for, in turn
        self.tray: Tray | None = None
        self._server = server
        self._numbers = numbers
        self._line, self._seed = line, seed
        self._hung_up = asyncio.Event()
        self._stream_url = ""
        self._told: set[asyncio.Task[None]] = set()
        self._parameters: dict[str, str] = {}

    async def run(self) -> None:
        """Ask the server what to do with the call, and do it."""
        try:
            await self._follow(await self._ask(VOICE_PATH, "ringing"))
        except (aiohttp.ClientError, TimeoutError, twiml.BadTwiml) as error:
            self.record.errors.append(f"{type(error).__name__}: {error}")
        self.record.hung_up_by = self.record.hung_up_by or "server"
        if self._told:
            await asyncio.wait(self._told)
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            await self._server.post(STATUS_PATH, self._fields("completed"))

    async def hang_up(self) -> None:
        """The caller ends the call."""
        self.record.hung_up_by = self.record.hung_up_by or "caller"
        self._hung_up.set()
        if self.socket:
            await self.socket.stop()

    async def open_rival(self) -> tuple[StreamSocket, asyncio.Task[None]]:
        """Open a second stream for the same call, with the same parameters. Returns the socket and its task."""
        ids = replace(self.ids, stream_sid=f"MZ{secrets.token_hex(16)}")
        websocket = await self._server.open_websocket(self._stream_url)
        rival = StreamSocket(websocket, MediaStream(ids, self._parameters, self._line), self._line, self._seed)
        return rival, asyncio.get_running_loop().create_task(rival.run(self._server.clock))

    def _ids(self) -> dict[str, str]:
        return {"AccountSid": self.ids.account_sid, "CallSid": self.ids.call_sid}

    def _fields(self, status: str) -> dict[str, str]:
        about = {"CallStatus": status, "Direction": "inbound", "ApiVersion": "2010-04-01"}
        return self._ids() | self._numbers | about

    async def _ask(self, url: str, status: str, **more: str) -> list[Verb]:
        code, body = await self._server.post(url, self._fields(status) | more)
        if code != 200:
            self.record.errors.append(f"11200: {url} answered {code}: {body[:200]}")
            return []
        return twiml.verbs(body)

    async def _follow(self, verbs: list[Verb]) -> None:
        while verbs and len(self.record.verbs) < _MAX_VERBS and not self.record.hung_up_by:
            verb = verbs.pop(0)
            self.record.verbs.append(verb)
            next_verbs = await self._obey(verb)
            verbs = verbs if next_verbs is None else next_verbs

    async def _obey(self, verb: Verb) -> list[Verb] | None:  # noqa: PLR0911 - one for each verb
        """Do what a verb says. Returns the verbs that replace the rest of the document; None if none do."""
        action = verb.attributes.get("action")
        match verb.name:
            case "Connect":
                await self._connect(verb)
                return await self._ask(action, "in-progress") if action and not self.record.hung_up_by else None
            case "Dial" if action:
                return await self._dial(verb, action)
            case "Record":
                return await self._record(verb, action)
            case "Gather" if action:
                return await self._gather(verb, action)
            case "Pause":
                await asyncio.sleep(float(verb.attributes.get("length", "1")))
            case "Redirect":
                return await self._ask(verb.text, "in-progress")
            case "Hangup" | "Reject":
                return []
        return None

    async def _connect(self, verb: Verb) -> None:
        noun = verb.nouns[0]
        self._stream_url = noun.attributes["url"]
        self._parameters = {each.attributes["name"]: each.attributes["value"] for each in noun.nouns}
        callback = noun.attributes.get("statusCallback")
        try:
            websocket = await self._server.open_websocket(self._stream_url)
        except aiohttp.ClientError as error:
            self.record.errors.append(f"31920: the stream's handshake failed: {error}")
            self._tell(callback, "stream-error", StreamError=str(error))
            return
        if self.streams:  # each has an id of its own
            self.ids = replace(self.ids, stream_sid=f"MZ{secrets.token_hex(16)}")
        stream = MediaStream(self.ids, self._parameters, self._line)
        self.streams.append(stream)
        self.socket = StreamSocket(websocket, stream, self._line, self._seed)
        self._tell(callback, "stream-started")
        await self.socket.run(self._server.clock)
        self.record.errors += stream.record.errors
        self._tell(callback, "stream-stopped")
        await asyncio.sleep(_NEXT_S)

    async def _dial(self, verb: Verb, action: str) -> list[Verb]:
        """Ring a number; afterwards ask what comes next, also if the caller has hung up meanwhile."""
        person = dialling.in_turn(self.people, len(self.record.dialled))
        ring = Dialling(person, self._ask_on_leg, self._hung_up)
        dialled, told = await ring.dial(verb)
        self.record.dialled.append(dialled)
        status = "completed" if self.record.hung_up_by else "in-progress"
        return await self._ask(action, status, **told)

    async def _record(self, verb: Verb, action: str | None) -> list[Verb] | None:
        plan = self.after_beep
        recorder = Recorder(plan, self.tray, call_sid=self.ids.call_sid, account_sid=self.ids.account_sid)
        recorded = await recorder.record(verb)
        recorder.tell(verb, recorded, self._server.post)
        self._told |= recorder.told
        if plan.hangs_up:
            self.record.hung_up_by = "caller"
        if recorded is None:
            return None
        self.record.messages.append(recorded)
        status = "completed" if plan.hangs_up else "in-progress"
        return (
            await recorder.ask(action, recorded, lambda url, told: self._ask(url, status, **told)) if action else None
        )

    async def _gather(self, verb: Verb, action: str) -> list[Verb] | None:
        """Let the caller hear what is said and press the next keys; without one the next verb follows, or `action`."""
        for noun in verb.nouns:
            if noun.name == "Play":
                await self._play(noun.text)
        keys = self.keys.pop(0) if self.keys else ""
        if not keys and verb.attributes.get("actionOnEmptyResult") != "true":
            return None
        return await self._ask(action, "in-progress", Digits=keys)

    async def _play(self, url: str) -> None:
        code, body = await self._server.get(url)
        if code == 200:
            self.record.played.append(body)
        else:
            self.record.errors.append(f"13227: {url} answered {code}")

    async def _ask_on_leg(self, url: str, told: dict[str, str]) -> list[Verb]:
        about = {"AccountSid": self.ids.account_sid, "ParentCallSid": self.ids.call_sid, "Direction": "outbound-dial"}
        code, body = await self._server.post(url, about | told)
        if code != 200:
            self.record.errors.append(f"11200: {url} answered {code}: {body[:200]}")
            return [Verb("Hangup")]
        return twiml.verbs(body)

    def _tell(self, callback: str | None, event: str, **more: str) -> None:
        """Report an event of the stream. Twilio goes on meanwhile, however long the server takes."""
        if callback:
            about = {"StreamSid": self.ids.stream_sid, "StreamEvent": event}
            task = asyncio.get_running_loop().create_task(self._report(callback, self._ids() | about | more))
            self._told.add(task)

    async def _report(self, callback: str, fields: dict[str, str]) -> None:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            await self._server.post(callback, fields)
