"""The caller: hears the greeting, asks, hears the answer begin, talks over it, and hangs up. Some ten seconds."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from django.conf import settings

from calls.models import SyntheticFault
from calls.sandbox.telephone import call_report, wav_files
from calls.sandbox.telephone.placed_call import CallFailed, PlacedCall
from calls.sandbox.telephone.twilio_peer import ServerUnreachable, TwilioPeer
from calls.synthetic.outcomes import LONGEST_S, Outcome, is_answer, outcome_of

FROM: Final = "+15005550001"
"""One of Twilio's numbers for tests, which no telephone has."""
_CONNECTS_S: Final = 15.0  # so long Twilio waits for the webhook
_GREETING_BEGINS_S: Final = 10.0
_GREETING_ENDS_S: Final = 20.0
_ANSWER_BEGINS_S: Final = 15.0
_INTERRUPTED_S: Final = 5.0
_QUIET_S: Final = 0.7


def sound(name: str) -> bytes:
    """Returns what the caller says (µ-law): `question` or `interruption`."""
    return wav_files.read_as_ulaw(Path(__file__).parent / f"{name}.wav")


async def place(url: str, *, number: str, greeting: bytes) -> Outcome:
    """Call the installation at `url` as Twilio would. `greeting`: what must be heard (µ-law)."""
    peer = TwilioPeer(url, auth_token=settings.TWILIO_AUTH_TOKEN, account_sid=settings.TWILIO_ACCOUNT_SID)
    began = time.monotonic()
    async with peer as twilio:
        try:
            await twilio.check_server()
        except ServerUnreachable:
            return Outcome(SyntheticFault.UNREACHABLE)
        async with twilio.call(to=number, from_=FROM) as call:
            try:
                await call.connected(_CONNECTS_S)
            except (CallFailed, TimeoutError):
                return Outcome(SyntheticFault.REFUSED)
            opened_s = time.monotonic() - began
            with suppress(CallFailed, TimeoutError):  # what was heard until then tells what is wrong
                async with asyncio.timeout(LONGEST_S):
                    await _converse(call, greeting)
        return outcome_of(call.stream, greeting=greeting, opened_s=opened_s, errors=call.record.errors)


async def _converse(call: PlacedCall, greeting: bytes) -> None:
    await call.until(lambda: call.heard_bytes > 0, _GREETING_BEGINS_S)
    await call.quiet(_QUIET_S, after_bytes=len(greeting), timeout_s=_GREETING_ENDS_S)
    call.say(sound("question"))
    await call.until(lambda: not call.stream.caller.is_speaking)
    asked_at = call.now
    await call.until(lambda: _is_answered(call, asked_at), _ANSWER_BEGINS_S)
    call.say(sound("interruption"))
    await call.until(lambda: not call.stream.caller.is_speaking, _INTERRUPTED_S)


def _is_answered(call: PlacedCall, asked_at: float) -> bool:
    heard = call_report.utterances(call.stream)
    return any(span.start >= asked_at - _QUIET_S and is_answer(span) for span in heard)
