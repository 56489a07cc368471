"""`<Record>` as Twilio does it: a beep, what the caller says, and two webhooks that tell of the recording.

(twilio.com/docs/voice/twiml/record: a recording that is empty asks no `action`, and the next verb follows.)
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from calls.audio.ulaw import SAMPLE_RATE
from calls.sandbox.telephone.twiml import Verb

_BEEPS_S = 0.2
_SPEAKS_S = 0.3
"""A real message takes as long as it is."""


class Tray(Protocol):
    """Where recordings are put, for whoever fetches them."""

    def put(self, recording_sid: str, audio: bytes, *, call_sid: str) -> None:
        """Keep a recording (µ-law)."""


@dataclass(frozen=True, slots=True)
class AfterTheBeep:
    """What a caller does: says something (µ-law; b"": nothing), then presses # or hangs up.

    How Twilio tells of it: each webhook `times` times, `late_s` after the recording; neither if it `tells` nothing.
    """

    speech: bytes = b""
    hangs_up: bool = False
    times: int = 1
    late_s: float = 0.0
    tells: bool = True


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message as it was recorded."""

    recording_sid: str
    audio: bytes


Ask = Callable[[str, dict[str, str]], Awaitable[list[Verb]]]
Post = Callable[[str, dict[str, str]], Awaitable[object]]


class Recorder:
    """One `<Record>`. `told`: tasks that still tell of it."""

    def __init__(self, plan: AfterTheBeep, tray: Tray | None, *, call_sid: str, account_sid: str) -> None:
        self._plan, self._tray = plan, tray
        self._ids = {"AccountSid": account_sid, "CallSid": call_sid}
        self.told: set[asyncio.Task[None]] = set()

    async def record(self, verb: Verb) -> Recorded | None:
        """Returns the message; None if nothing was said."""
        await asyncio.sleep(_BEEPS_S)
        most = int(verb.attributes.get("maxLength", "3600")) * SAMPLE_RATE
        audio = self._plan.speech[:most]
        if not audio:
            return None
        await asyncio.sleep(_SPEAKS_S)
        recorded = Recorded(f"RE{secrets.token_hex(16)}", audio)
        if self._tray is not None:
            self._tray.put(recorded.recording_sid, audio, call_sid=self._ids["CallSid"])
        return recorded

    def tell(self, verb: Verb, recorded: Recorded | None, post: Post) -> None:
        """Tell `recordingStatusCallback`, while the call goes on."""
        callback = verb.attributes.get("recordingStatusCallback")
        events = verb.attributes.get("recordingStatusCallbackEvent", "completed").split()
        status = "completed" if recorded else "absent"
        if callback and status in events and self._plan.tells:
            told = self._ids | self.fields(recorded) | {"RecordingStatus": status}
            self.told.add(asyncio.get_running_loop().create_task(self._tell(callback, told, post)))

    async def ask(self, action: str, recorded: Recorded, ask: Ask) -> list[Verb]:
        """Returns what `action` answers."""
        told = self.fields(recorded) | {"Digits": "hangup" if self._plan.hangs_up else "#"}
        verbs: list[Verb] = []
        for _time in range(self._plan.times if self._plan.tells else 0):
            verbs = await ask(action, told)
        return verbs

    def fields(self, recorded: Recorded | None) -> dict[str, str]:
        """Returns what the webhooks say of a recording."""
        if recorded is None:
            return {"RecordingSid": f"RE{secrets.token_hex(16)}", "RecordingDuration": "0", "ErrorCode": "16101"}
        sid = recorded.recording_sid
        address = f"https://api.twilio.com/2010-04-01/Accounts/{self._ids['AccountSid']}/Recordings/{sid}"
        length = str(round(len(recorded.audio) / SAMPLE_RATE))
        return {"RecordingSid": sid, "RecordingUrl": address, "RecordingDuration": length}

    async def _tell(self, callback: str, told: dict[str, str], post: Post) -> None:
        await asyncio.sleep(self._plan.late_s)
        for _time in range(self._plan.times):
            with suppress(aiohttp.ClientError, TimeoutError):
                await post(callback, told)
