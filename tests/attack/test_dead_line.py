"""A caller's end that takes nothing: the call ends, and what waits for it does not pile up (G13, G18)."""

from __future__ import annotations

import asyncio
import secrets

import pytest

from calls.conversation.end_reasons import EndReason, StreamFault
from calls.sandbox.telephone import twiml
from testing.bare_socket import BareSocket, message
from testing.process_memory import memory_grows_by_less_than
from tests.call_office import records_of
from tests.call_rig import Desk, Rig

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = "This greeting goes on and on, and whoever listens to all of it has a lot of time. " * 12
"""A minute of audio: more than the kernels of both ends keep for a reader that is so far behind."""


async def ring(rig: Rig, desk: Desk) -> tuple[str, bytes]:
    """Announce a call as Twilio does. Returns its CallSid, and the `start` that opens its stream."""
    ids = {"callSid": f"CA{secrets.token_hex(16)}", "streamSid": "MZ1"}
    fields = {"CallSid": ids["callSid"], "From": "+15005550001", "To": desk.number, "CallStatus": "ringing"}
    _status, body = await rig.twilio.post("/calls/twilio/voice/", fields)
    (connect,) = twiml.verbs(body)
    token = connect.nouns[0].nouns[0].attributes["value"]
    return ids["callSid"], message(event="start", start={**ids, "customParameters": {"token": token}})


async def test_a_line_that_takes_nothing_ends_its_call(rig: Rig) -> None:
    desk = await rig.desk(greeting=LONG)
    async with rig.twilio.call(to=desk.number) as first:
        await first.until(lambda: first.heard_bytes)  # a process loads the speech detector for its first call
    call_sid, start = await ring(rig, desk)
    with memory_grows_by_less_than(20, rig.line.process.pid):
        line = await asyncio.to_thread(BareSocket, rig.line.port, receive_buffer=4_096)
        line.socket.sendall(start)
        async with asyncio.timeout(60):
            while not (kept := await rig.office.ask(records_of, call_sid)).call.end_reason:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.1)
        line.close()
    assert (kept.call.end_reason, kept.call.end_detail) == (EndReason.STREAM_BROKE, {"cause": StreamFault.SLOW})
