"""Twilio's way of making a call for a server that asks for it: `POST …/Calls.json`, reports, machine detection.

maker = CallMaker(twilio=twilio)  # a `TwilioPeer`
application.add_routes(maker.routes())  # at TWILIO_API_URL
maker.people["+97250…"] = Answers(Does.VOICEMAIL)
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp import web

from calls.sandbox.telephone import twiml
from calls.sandbox.telephone.call_flow import CallFlow
from calls.sandbox.telephone.called_person import Does
from calls.sandbox.telephone.media_stream import LineConditions, TwilioIds
from calls.sandbox.telephone.placed_call import PlacedCall
from calls.sandbox.telephone.twilio_peer import TwilioPeer

_UNREACHED: Final = {Does.BUSY: "busy", Does.FAILS: "failed", Does.NO_ANSWER: "no-answer"}


@dataclass(frozen=True, slots=True)
class Answers:
    """Who is called. It rings for `rings_s`; `detected_s` after the answer Twilio says whether it is a machine.

    `answered_by`: what it says; "" for the usual. `repeats`: every report comes twice, and those of the beginning once
    more after the end. `loses_answer`: whoever asked for the call gets no answer.
    """

    does: Does = Does.ACCEPTS
    rings_s: float = 0.2
    detected_s: float = 0.5
    answered_by: str = ""
    repeats: bool = False
    loses_answer: bool = False


class OutgoingFlow(CallFlow):
    """One call that the server has asked for. `asked`: the form of its request."""

    def __init__(self, server: TwilioPeer, ids: TwilioIds, asked: dict[str, str], person: Answers, seed: int) -> None:
        numbers = {"From": asked["From"], "Caller": asked["From"], "To": asked["To"], "Called": asked["To"]}
        super().__init__(server, ids, numbers, LineConditions(), seed)
        self.asked = asked
        self._person = person
        self._beginning = ("initiated", "ringing")

    async def run(self) -> None:
        """Ring, follow what the server says when somebody answers, and report all of it."""
        for each in self._beginning:
            await self._progress(each)
        await asyncio.sleep(self._person.rings_s)
        end = _UNREACHED.get(self._person.does, "")
        if not end:
            end = await self._answered()
        await self._progress(end)
        if self._person.repeats:
            for each in (*self._beginning, end):
                await self._progress(each)

    async def _answered(self) -> str:
        await self._progress("in-progress")
        detecting = asyncio.get_running_loop().create_task(self._detect())
        try:
            await self._follow(await self._ask(self.asked["Url"], "in-progress"))
        except (aiohttp.ClientError, TimeoutError, twiml.BadTwiml) as error:
            self.record.errors.append(f"{type(error).__name__}: {error}")
        self.record.hung_up_by = self.record.hung_up_by or "server"
        detecting.cancel()
        return "completed"

    async def _detect(self) -> None:
        usual = "machine_end_beep" if self.asked.get("MachineDetection") == "DetectMessageEnd" else "machine_start"
        answered_by = self._person.answered_by or (usual if self._person.does is Does.VOICEMAIL else "human")
        await asyncio.sleep(self._person.detected_s)
        await self._post(self.asked["AsyncAmdStatusCallback"], AnsweredBy=answered_by)

    async def _progress(self, status: str) -> None:
        for _time in range(2 if self._person.repeats else 1):
            await self._post(self.asked["StatusCallback"], CallStatus=status)

    async def _post(self, url: str, **more: str) -> None:
        about = {"Direction": "outbound-api", "ApiVersion": "2010-04-01"}
        with suppress(aiohttp.ClientError, TimeoutError):
            code, _body = await self._server.post(url, self._ids() | self._numbers | about | more)
            if code != 204:
                self.record.errors.append(f"11200: a report was answered with {code}")


@dataclass
class CallMaker:
    """The REST API's part of it. `people` are those who are called, by number; `calls` were asked for, in order."""

    people: dict[str, Answers] = field(default_factory=dict)
    calls: list[PlacedCall] = field(default_factory=list)
    twilio: TwilioPeer | None = None

    def routes(self) -> list[web.RouteDef]:
        """Returns its address, for an application of the caller."""
        return [web.post("/2010-04-01/Accounts/{sid}/Calls.json", self._make)]

    def to(self, number: str) -> Sequence[PlacedCall]:
        """Returns the calls to a number, in order."""
        flows = [(each, each.flow) for each in self.calls]
        return [call for call, flow in flows if isinstance(flow, OutgoingFlow) and flow.asked["To"] == number]

    async def _make(self, request: web.Request) -> web.StreamResponse:
        posted = await request.post()
        asked = {name: " ".join(map(str, posted.getall(name))) for name in posted}
        person = self.people.get(asked["To"], Answers())
        if self.twilio is None:
            return web.json_response({"code": 20500, "message": "not ready", "status": 500}, status=500)
        sid = f"CA{secrets.token_hex(16)}"
        ids = TwilioIds(request.match_info["sid"], sid, f"MZ{secrets.token_hex(16)}")
        self.calls.append(PlacedCall(OutgoingFlow(self.twilio, ids, asked, person, len(self.calls)), self.twilio.clock))
        if person.loses_answer and request.transport:
            request.transport.abort()
        return web.json_response({"sid": sid, "status": "queued", "to": asked["To"]}, status=201)
