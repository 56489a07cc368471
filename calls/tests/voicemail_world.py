"""What the tests of voice messages share: Twilio's recordings and OpenAI's ears, as real servers in threads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import numpy as np
from aiohttp import web

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.audio import ulaw
from calls.conversation.commands import NextStep
from calls.models import Call, CallOutcome, CallStatus, Voicemail, VoicemailChoices
from calls.records import voicemail_words
from calls.sandbox.telephone.recording_shelf import RecordingShelf
from calls.telephone import voicemail_fetching
from calls.tests.conftest import PUBLIC_URL, TwilioPost, make_live_call
from testing.thread_server import in_a_thread

ACCOUNT = f"AC{'1' * 32}"
CALLER = "+972541234567"
AFTER, STATUS = "/calls/twilio/after/", "/calls/twilio/status/"


def voice(seconds: float = 2.0, rms: float = 2_000) -> bytes:
    """A sound (µ-law) that is as loud as a voice."""
    tone = np.sin(np.arange(int(seconds * 8_000)) * 2 * np.pi * 300 / 8_000) * rms * np.sqrt(2)
    return ulaw.encode(tone.astype(np.int16))


@dataclass
class Ears:
    """OpenAI's transcription: the next of `answers`, the last one for ever. A number is an HTTP status."""

    answers: list[str | tuple[int, str]] = field(default_factory=lambda: ["Please call me back."])
    asked: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        await request.post()
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, str):
            return web.json_response({"text": answer})
        return web.json_response({"error": {"message": "no", "code": answer[1]}}, status=answer[0])


@dataclass
class World:
    """Both servers. `sid()` makes the id of a recording."""

    shelf: RecordingShelf
    ears: Ears

    def sid(self) -> str:
        return f"RE{uuid4().hex}"


@contextmanager
def world(settings: Any, token: str) -> Iterator[World]:
    made = World(RecordingShelf({ACCOUNT: token}), Ears())
    app = web.Application()
    app.add_routes([*made.shelf.routes(), web.post("/v1/audio/transcriptions", made.ears.handle)])
    with in_a_thread(app) as address:
        settings.TWILIO_API_URL, settings.TWILIO_ACCOUNT_SID = address, ACCOUNT
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = f"{address}/v1", "not-a-key"
        yield made


def wanting(business: Business, **values: Any) -> VoicemailChoices:
    with acting_for(business):
        return VoicemailChoices.objects.create(business=business, is_on=True, **values)


def ended(business: Business, step: NextStep = NextStep.APOLOGIZE, **values: Any) -> Call:
    """A call whose assistant was away."""
    known = {"status": CallStatus.ENDED, "outcome": CallOutcome.FALLBACK, "next_step": step, "caller_number": CALLER}
    return make_live_call(business, **{**known, **values})


def rows_of(call: Call) -> list[Voicemail]:
    with acting_for(call.business):
        return list(Voicemail.objects.filter(call=call).order_by("offered_at", "pk"))


def row_of(call: Call) -> Voicemail:
    (row,) = rows_of(call)
    return row


def path_in(twiml: str, name: str) -> str:
    """The path that an attribute of the TwiML names."""
    found = re.search(rf'{name}="{re.escape(PUBLIC_URL)}([^"]*)"', twiml)
    assert found is not None, twiml
    return found[1]


class Caller:
    """Twilio's side of a call that has come to the beep."""

    def __init__(self, post: TwilioPost, call: Call) -> None:
        self.post, self.call = post, call
        self.twiml = self.told(AFTER, CallStatus="in-progress")

    def told(self, path: str, **form: str) -> str:
        answer = self.post(path, CallSid=self.call.twilio_call_sid, **form)
        assert answer.status_code in (200, 204)
        return answer.content.decode()

    def action(self, sid: str, **form: str) -> str:
        told = {"RecordingSid": sid, "RecordingDuration": "2", "CallStatus": "in-progress", "Digits": "#", **form}
        return self.told(path_in(self.twiml, "action"), **told)

    def recorded(self, sid: str, status: str = "completed") -> str:
        return self.told(path_in(self.twiml, "recordingStatusCallback"), RecordingSid=sid, RecordingStatus=status)

    def over(self) -> str:
        return self.told(STATUS, CallStatus="completed")


def work(now: datetime) -> None:
    """What the sweep does, until nothing is due at this moment."""
    for _round in range(10):
        due = voicemail_fetching.due(now=now)
        words = voicemail_words.due(now=now)
        if not due and not words:
            return
        for key in due:
            voicemail_fetching.work(key, clock=lambda: now)
        for key in words:
            voicemail_words.work(key, now=now)
    raise AssertionError("it goes on for ever")


def work_for(span: timedelta, *, since: datetime, step: timedelta) -> datetime:
    """The same again and again for so long. Returns the last moment."""
    now = since
    while now < since + span:
        work(now)
        now += step
    work(now)
    return now
