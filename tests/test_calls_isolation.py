"""What one call does never harms another (G13)."""

from __future__ import annotations

import asyncio
import json
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest

from calls.conversation.end_reasons import EndReason, StreamFault
from calls.models import Call
from calls.sandbox.receptionist.engine import Say
from calls.sandbox.telephone import twiml
from calls.sandbox.telephone.placed_call import PlacedCall
from calls.sandbox.telephone.twilio_peer import TwilioPeer
from testing import numbered
from tests.call_hearing import clears, forwarded, heard
from tests.call_rig import SECOND, Desk, Rig, eventually, scenario, speech

pytestmark = pytest.mark.asyncio(loop_scope="session")

GREETING = "Hello, this is the clinic that hears everything to the end."
HELLO = "Hello, clinic."
REFUSED, MALFORMED = 4403, 4400
PATIENCE_S = 30
"""How long to wait for an expected event before the test fails; generous, for busy machines."""
START = {
    "tracks": ["inbound"],
    "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
}


@asynccontextmanager
async def unharmed_call(rig: Rig) -> AsyncIterator[None]:
    """A call runs during the block: greeting, question and answer must be complete, in order and without gaps."""
    desk = await rig.desk(scenario(replies=((Say(SECOND),),)), greeting=GREETING)
    async with rig.calling(desk) as call:
        await call.until(lambda: call.heard_bytes > 4000)
        yield
        assert not call.is_over, "the call beside it has ended"
        await call.quiet(0.3, after_bytes=len(numbered.audio(GREETING)))
        call.say(speech("hello"))
        await call.quiet(0.5, after_bytes=len(numbered.audio(GREETING + SECOND)))
    greeting, answer = (
        bytes(call.stream.playback.track[each.start : each.end]) for each in call.stream.playback.stretches
    )
    assert greeting == numbered.audio(GREETING)
    assert answer == numbered.audio(SECOND)
    assert clears(call) == []
    assert bytes(call.stream.caller.track).startswith(forwarded(desk.lane.connections[0]))
    assert (await rig.records(call)).call.outcome == "completed"


# A stream that goes mad in the middle of its call ---------------------------------------------------------
MADNESS: dict[str | bytes, str] = {
    "{ this is no JSON": "not JSON",
    "[1, 2]": "JSON without an event",
    "[" * 60_000: "not JSON",
    b"\x00\xff\xfe": "a binary frame",
    json.dumps({"event": "media", "media": {"payload": "A" * 100_000}}): "a message of 100044 characters",
    '{"event": "media", "media": {}}': "media without 'payload'",
    '{"event": "media", "media": {"payload": "***"}}': "audio that isn't base64",
}
HARMLESS = (
    "{ this is no JSON",
    "[" * 60_000,
    "null",
    "{}",
    b"\x00\xff\xfe",
    '{"event": null}',
    '{"event": "media"}',
    '{"event": "media", "media": {"payload": "***"}}',
    '{"event": "media", "media": {"payload": 7}}',
    '{"event": "mark"}',
    '{"event": "mark", "mark": {"name": ["\\ud800"]}}',
    '{"event": "mark", "mark": {"name": "%s"}}' % ("9" * 5000),
    '{"event": "dtmf", "dtmf": null}',
    '{"event": "dtmf", "dtmf": {"digit": "\\u0000"}}',
    '{"event": "start", "start": {"mediaFormat": null}}',
)
"""What a single one of is dropped: the audio around it can be understood."""


async def test_a_mad_stream_is_closed_and_hurts_nobody(rig: Rig) -> None:
    async with unharmed_call(rig), asyncio.TaskGroup() as calls:
        for frame, reason in MADNESS.items():
            calls.create_task(goes_mad(rig, frame, reason))
        calls.create_task(sends_what_no_socket_takes(rig))
        calls.create_task(floods(rig))
        calls.create_task(sends_unknown_events(rig))
        calls.create_task(sends_junk_between_good_frames(rig))


async def goes_mad(rig: Rig, frame: str | bytes, reason: str) -> None:
    desk = await rig.desk()
    async with rig.calling(desk) as call:
        await call.until(lambda: desk.lane.connections)
        for _ in range(200):
            call.send_raw(frame)  # nothing else is sent in between
        await call.ended()
    await broken(rig, call, reason)
    await eventually(lambda: desk.lane.connections[0].close_code)  # the OpenAI session costs no more


async def sends_what_no_socket_takes(rig: Rig) -> None:
    """A frame over the limit of `guarded_sockets.py` closes the socket; the call goes on in another one."""
    desk = await rig.desk()
    async with rig.calling(desk) as call:
        await call.until(lambda: desk.lane.connections)
        call.send_raw("A" * 1_200_000)
        await call.until(lambda: len(desk.lane.connections) == 2)
        assert len(call.flow.streams) == 2
    await eventually(lambda: desk.lane.connections[0].close_code)
    assert (await rig.records(call)).call.end_reason == EndReason.CALLER_LEFT


async def broken(rig: Rig, call: PlacedCall, reason: str) -> None:
    """Check that the server closed the stream, log and record say why, and the caller hears the apology."""
    socket = call.flow.socket
    assert socket is not None
    assert socket.closed_by == "server", reason
    # Closed while frames are still coming in, a connection may be reset before its close code has arrived.
    assert socket.close_code in {MALFORMED, aiohttp.WSCloseCode.ABNORMAL_CLOSURE}, reason
    records = await rig.records(call)
    assert (records.call.end_reason, records.call.end_detail) == (EndReason.STREAM_BROKE, {"cause": fault_of(reason)})
    assert records.call.outcome == "fallback"
    assert f"[END] call={records.call.pk}" in rig.line.log
    assert reason in rig.logged(records.call.pk)
    assert [each.name for each in call.record.verbs] == ["Connect", "Say", "Hangup"]


def fault_of(reason: str) -> StreamFault:
    return StreamFault.FLOOD if reason == "audio faster than anyone speaks" else StreamFault.MALFORMED


async def floods(rig: Rig) -> None:
    desk = await rig.desk()
    second = json.dumps({"event": "media", "media": {"payload": b64encode(b"\xff" * 8000).decode()}})
    async with rig.calling(desk) as call:
        for _ in range(60):
            call.send_raw(second)
        await call.ended()
    await broken(rig, call, "audio faster than anyone speaks")


async def sends_unknown_events(rig: Rig) -> None:
    """Events that Twilio may add one day must not end the call."""
    desk = await rig.desk(scenario(replies=((Say(SECOND),),)))
    async with rig.calling(desk) as call:
        call.send_raw('{"event": "sparkle", "streamSid": "MZ1"}')
        call.press("5")
        call.send_raw('{"event": "mark", "mark": {"name": "9:nobody:0"}}')
        call.say(speech("hello"))
        await call.until(lambda: heard(call) == numbered.audio(SECOND))


async def sends_junk_between_good_frames(rig: Rig) -> None:
    """Ten times the junk that would end the call if sent without good frames; the log must not fill with it."""
    desk = await rig.desk(scenario(replies=((Say(SECOND),),)))
    async with rig.calling(desk) as call:
        await call.until(lambda: desk.lane.connections)
        for number in range(500):
            call.send_raw(HARMLESS[number % len(HARMLESS)])
            if number % 10 == 0:
                await asyncio.sleep(0.04)  # a good frame or two
        call.say(speech("hello"))
        await call.until(lambda: heard(call) == numbered.audio(SECOND))
    records = await rig.records(call)
    assert records.call.outcome == "completed"
    assert rig.logged(records.call.pk).count("a message of its media stream is dropped") == 5


# Sockets that should not be there ---------------------------------------------------------------------------
async def test_strangers_get_no_stream(rig: Rig) -> None:
    async with unharmed_call(rig), asyncio.TaskGroup() as strangers:
        for before_start in (
            '{"event": "media", "media": {"payload": "//8="}}',
            '{"event": "stop"}',
            "no JSON",
            b"\x00",
            "A" * 1024 * 1024,
            '{"event": "start"}',
        ):
            strangers.create_task(speaks_before_its_start(rig, before_start))
        strangers.create_task(wrong_tokens(rig))
        strangers.create_task(expired_token(rig))
        strangers.create_task(token_of_another_call(rig))
        strangers.create_task(token_used_again(rig))
        strangers.create_task(forged_handshake(rig))
    for reason in (
        "'media' before a start with a token",
        "'stop' before a start with a token",
        "a start without its ids",
    ):
        assert f"Media stream closed: {reason}" in rig.line.log


@asynccontextmanager
async def stranger(rig: Rig) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A WebSocket to the media endpoint, as anybody can open it."""
    url = f"{rig.line.url}/calls/twilio/media/"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as websocket:
        yield websocket


async def refused_with(websocket: aiohttp.ClientWebSocketResponse, *codes: int) -> None:
    """Check that the server sends nothing except the close frame, with one of these codes."""
    async with asyncio.timeout(PATIENCE_S):
        message = await websocket.receive()
    assert message.type is aiohttp.WSMsgType.CLOSE
    assert websocket.close_code in codes


async def speaks_before_its_start(rig: Rig, frame: str | bytes) -> None:
    async with stranger(rig) as websocket:
        await websocket.send_str('{"event": "connected", "protocol": "Call", "version": "1.0.0"}')
        await (websocket.send_str(frame) if isinstance(frame, str) else websocket.send_bytes(frame))
        await refused_with(websocket, MALFORMED, aiohttp.WSCloseCode.MESSAGE_TOO_BIG)


async def start_with(rig: Rig, token: str, call_sid: str, reason: str) -> None:
    before = rig.line.log.count(reason)
    async with stranger(rig) as websocket:
        ids = {"accountSid": "AC1", "callSid": call_sid, "streamSid": f"MZ{secrets.token_hex(16)}"}
        start = {**START, **ids, "customParameters": {"token": token}}
        await websocket.send_json({"event": "start", "streamSid": ids["streamSid"], "start": start})
        await refused_with(websocket, REFUSED)
    assert rig.line.log.count(reason) >= before + 1
    assert token not in rig.line.log or not token


async def ring(rig: Rig, desk: Desk) -> tuple[str, str]:
    """Post the voice webhook without opening a stream. Returns the CallSid and the token from the TwiML."""
    call_sid = f"CA{secrets.token_hex(16)}"
    fields = {"CallSid": call_sid, "From": "+15005550001", "To": desk.number, "CallStatus": "ringing"}
    status, body = await rig.twilio.post("/calls/twilio/voice/", fields)
    assert status == 200
    (connect,) = twiml.verbs(body)
    return call_sid, connect.nouns[0].nouns[0].attributes["value"]


async def wrong_tokens(rig: Rig) -> None:
    desk = await rig.desk()
    call_sid, token = await ring(rig, desk)
    await start_with(rig, "", call_sid, "the stream brought no token of ours")
    await start_with(rig, "garbage.\x00", call_sid, "the stream brought no token of ours")
    await start_with(rig, f"{secrets.token_hex(16)}.guess", call_sid, "the stream brought no token of ours")
    await start_with(rig, f"{desk.business.pk.hex}.guess", call_sid, "the stream brought no token of ours")
    assert desk.lane.connections == []
    assert token not in rig.line.log


async def expired_token(rig: Rig) -> None:
    desk = await rig.desk()
    call_sid, token = await ring(rig, desk)
    changed = await rig.office.ask(
        lambda: Call.objects.filter(twilio_call_sid=call_sid).update(stream_token_expires_at=datetime.now(UTC))
    )
    assert changed == 1
    await start_with(rig, token, call_sid, "the token expired")


async def token_of_another_call(rig: Rig) -> None:
    one, other = await rig.desk(), await rig.desk()
    sid, _token = await ring(rig, one)
    _sid, token = await ring(rig, other)
    await start_with(rig, token, sid, "the stream brought no token of ours for its call")


async def token_used_again(rig: Rig) -> None:
    """A second socket for a running call, with the same token, doesn't affect the call."""
    desk = await rig.desk(scenario(replies=((Say(SECOND),),)), greeting=HELLO)
    async with rig.calling(desk) as call:
        await call.until(lambda: call.heard_bytes)  # an open socket has not used its token yet
        rival, running = await call.flow.open_rival()
        async with asyncio.timeout(PATIENCE_S):
            await running
        assert rival.closed_by == "server"
        # It goes on sending, so the connection may be reset before the close code has arrived.
        assert rival.close_code in {REFUSED, aiohttp.WSCloseCode.ABNORMAL_CLOSURE}
        assert rival.stream.record.messages == []
        await call.quiet(0.3)
        call.say(speech("hello"))
        await call.until(lambda: heard(call) == numbered.audio(HELLO) + numbered.audio(SECOND))
    records = await rig.records(call)
    assert f"Media stream closed: the token was used or the call is over (call {records.call.pk})" in rig.line.log
    assert len(desk.lane.connections) == 1


async def forged_handshake(rig: Rig) -> None:
    async with TwilioPeer(rig.daphne.url, auth_token="not Twilio's", media_url=rig.line.url) as forger:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await forger.open_websocket(f"{rig.daphne.url.replace('http', 'ws')}/calls/twilio/media/")
        status, _body = await forger.post("/calls/twilio/voice/", {"CallSid": "CA1", "To": "+15005550001"})
        assert status == 403
    assert "Media stream refused: its signature is not Twilio's" in rig.line.log
