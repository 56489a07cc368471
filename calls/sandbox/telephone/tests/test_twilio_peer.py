"""The stand-in for Twilio over real sockets, against a very small server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from calls.audio import ulaw
from calls.sandbox.telephone.caller_track import Echo
from calls.sandbox.telephone.media_stream import LineConditions
from calls.sandbox.telephone.placed_call import CallFailed
from calls.sandbox.telephone.tests.little_server import TOKEN, LittleServer, clear, play, serving
from calls.sandbox.telephone.twilio_peer import ServerUnreachable, TwilioPeer
from testing import numbered
from testing.slowness import slowness

pytestmark = pytest.mark.once

GREETING = numbered.audio("Hello.")  # 360 ms
TO = "+15005550006"


async def greet(websocket: web.WebSocketResponse, event: dict[str, Any]) -> None:
    if event["event"] == "start":
        await play(websocket, event, GREETING, "greeting")


async def listen(websocket: web.WebSocketResponse, event: dict[str, Any]) -> None:
    """Says nothing."""


async def greet_and_hang_up(websocket: web.WebSocketResponse, event: dict[str, Any]) -> None:
    await greet(websocket, event)
    if event["event"] == "mark":
        await websocket.close()


async def stop_when_spoken_to(websocket: web.WebSocketResponse, event: dict[str, Any]) -> None:
    if event["event"] == "start":
        await play(websocket, event, GREETING * 10, "long")
    elif event["event"] == "media" and event["media"]["payload"][:4] != "////":
        await clear(websocket, event)


async def test_a_call_from_webhook_to_hang_up() -> None:
    async with serving(LittleServer(greet)) as server, TwilioPeer(server.url, auth_token=TOKEN) as twilio:
        async with twilio.call(to=TO, from_="+15005550001") as call:
            await call.connected()
            await call.quiet(0.2)
            call.say(b"\x10" * 320)
            call.press("5")
            await call.until(lambda: not call.stream.caller.is_speaking)
        assert server.bad_signatures == []
        path, form = server.posts[0]
        assert path == "voice"
        assert (form["To"], form["From"], form["CallStatus"]) == (TO, "+15005550001", "ringing")
        assert form["CallSid"].startswith("CA")
        kinds = [message["event"] for message in server.messages]
        assert kinds[:2] == ["connected", "start"]
        assert kinds[-1] == "stop"
        assert {"media", "mark", "dtmf"} <= set(kinds)
        assert server.messages[1]["start"]["customParameters"] == {"token": "t0"}
        assert server.statuses() == ["stream-started", "stream-stopped", "completed"]
        assert [path for path, _ in server.posts].count("after") == 0, "the caller hung up"
        assert call.record.hung_up_by == "caller"
        assert call.record.errors == []
        (stretch,) = call.stream.playback.stretches
        assert bytes(call.stream.playback.track[stretch.start : stretch.end]) == GREETING
        assert call.stream.record.returned_marks[0].at == pytest.approx(stretch.end / ulaw.SAMPLE_RATE, abs=0.001)


async def test_frames_are_in_real_time_and_in_order() -> None:
    async with serving(LittleServer(listen)) as server, TwilioPeer(server.url) as twilio:
        async with twilio.call(to=TO) as call:
            await call.connected()
            await call.until(lambda: call.now > 1.0)
        media = [message["media"] for message in server.messages if message["event"] == "media"]
        assert [int(frame["chunk"]) for frame in media] == list(range(1, len(media) + 1))
        assert [int(frame["timestamp"]) for frame in media] == [20 * n for n in range(len(media))]
        assert 45 <= len(media) <= 60
        sequence = [int(message["sequenceNumber"]) for message in server.messages if "sequenceNumber" in message]
        assert sequence == list(range(1, len(sequence) + 1))


async def test_when_the_server_closes_the_action_says_what_comes_next() -> None:
    server = LittleServer(
        greet_and_hang_up,
        after='<Say>Please hold.</Say><Dial action="{url}/calls/twilio/dialled/">+15005550009</Dial>',
        dialled="<Say>Goodbye.</Say><Hangup/><Say>Never.</Say>",
    )
    async with serving(server), TwilioPeer(server.url) as twilio:
        async with twilio.call(to=TO) as call:
            await call.ended()
        names = [(verb.name, verb.text) for verb in call.record.verbs]
        assert names == [
            ("Connect", ""),
            ("Say", "Please hold."),
            ("Dial", "+15005550009"),
            ("Say", "Goodbye."),
            ("Hangup", ""),
        ]
        assert dict(server.posts)["dialled"]["DialCallStatus"] == "completed"
        assert call.record.hung_up_by == "server"


async def test_clear_stops_what_is_heard() -> None:
    async with serving(LittleServer(stop_when_spoken_to)) as server, TwilioPeer(server.url) as twilio:
        async with twilio.call(to=TO) as call:
            await call.connected()
            await call.until(lambda: call.heard_bytes > 1600)
            span = call.say(b"\x10" * 160)
            await call.quiet(0.2)
        heard = call.heard_bytes
        assert bytes(call.stream.playback.track[-heard:]) == (GREETING * 10)[:heard]
        (cleared,) = [message.at for message in call.stream.record.messages if message.kind == "clear"][:1]
        assert span.start <= cleared <= span.start + 0.1
        assert call.stream.record.returned_marks[0].was_cleared


async def test_latency_delays_both_ways() -> None:
    line = LineConditions(latency_s=0.1, jitter_s=0.02)
    async with serving(LittleServer(greet)) as server, TwilioPeer(server.url) as twilio:
        async with twilio.call(to=TO, line=line) as call:
            await call.connected()
            await call.quiet(0.2)
        assert 0.2 <= call.stream.record.messages[0].at < 0.5
        chunks = [int(message["media"]["chunk"]) for message in server.messages if message["event"] == "media"]
        assert chunks == sorted(chunks)


async def test_a_lost_mark_never_arrives() -> None:
    line = LineConditions(loses_mark=lambda ordinal, name: name == "greeting")
    async with serving(LittleServer(greet)) as server, TwilioPeer(server.url) as twilio:
        async with twilio.call(to=TO, line=line) as call:
            await call.connected()
            await call.until(lambda: call.stream.record.lost_marks)
        assert "mark" not in [message["event"] for message in server.messages]


async def test_the_echo_of_the_assistant_comes_back() -> None:
    async with serving(LittleServer(greet)) as server, TwilioPeer(server.url) as twilio:
        async with twilio.call(to=TO, line=LineConditions(echo=Echo(loss_db=20))) as call:
            await call.connected()
            await call.quiet(0.3)
        loudest = max(ulaw.rms(bytes(call.stream.caller.track[at : at + 160])) for at in range(0, 6400, 160))
        assert 150 < loudest < 250


async def test_a_second_stream_of_the_same_call() -> None:
    async with serving(LittleServer(listen)) as server, TwilioPeer(server.url) as twilio:
        async with twilio.call(to=TO) as call:
            await call.connected()
            rival, task = await call.flow.open_rival()
            await call.until(lambda: len([m for m in server.messages if m["event"] == "start"]) == 2)
            await rival.stop()
            await task
        starts = [message["start"] for message in server.messages if message["event"] == "start"]
        assert starts[0]["callSid"] == starts[1]["callSid"]
        assert starts[0]["streamSid"] != starts[1]["streamSid"]


async def test_signatures_are_of_the_public_address() -> None:
    server = LittleServer(greet, public_url="https://frontdesk.example")
    async with serving(server):
        peer = TwilioPeer(server.url, auth_token=TOKEN, public_url="https://frontdesk.example")
        async with peer as twilio, twilio.call(to=TO) as call:
            await call.connected()
            await call.quiet(0.1)
    assert server.bad_signatures == []
    assert call.record.errors == []


async def test_a_refused_call_says_why() -> None:
    server = LittleServer(listen, voice="<Say>This number is not in service.</Say>")
    async with serving(server), TwilioPeer(server.url) as twilio, twilio.call(to=TO) as call:
        with pytest.raises(CallFailed):
            await call.connected()
        assert call.record.verbs[0].text == "This number is not in service."


@pytest.mark.parametrize(
    ("voice", "complaint"),
    [
        ("<Connect", "BadTwiml: 12100"),
        ('<Connect><Stream url="{ws}/nothing-here/"/></Connect>', "31920"),
        ("<Redirect>{url}/calls/twilio/nothing/</Redirect>", "11200"),
    ],
)
async def test_twilios_complaints_are_recorded(voice: str, complaint: str) -> None:
    async with serving(LittleServer(listen, voice=voice)) as server, TwilioPeer(server.url) as twilio:
        async with twilio.call(to=TO) as call:
            await call.ended()
        assert len(call.record.errors) == 1
        assert call.record.errors[0].startswith(complaint)
        assert server.statuses()[-1] == "completed"


async def test_what_twilio_never_sends_can_be_sent() -> None:
    frames: list[Any] = []

    async def keep(websocket: web.WebSocketResponse, event: dict[str, Any]) -> None:
        frames.append(event)

    async with serving(LittleServer(keep)) as server, TwilioPeer(server.url) as twilio, twilio.call(to=TO) as call:
        await call.connected()
        call.send_raw(json.dumps({"event": "sing"}))
        call.send_raw(b"\x00")
        await call.until(lambda: {"event": "sing"} in frames)


async def test_nothing_answers() -> None:
    async with TwilioPeer("http://127.0.0.1:9") as twilio:
        with pytest.raises(ServerUnreachable, match=r"127\.0\.0\.1:9"):
            await twilio.check_server()


@pytest.mark.realtime
async def test_twenty_calls_share_one_clock() -> None:
    async with serving(LittleServer(greet)) as server, TwilioPeer(server.url) as twilio:

        async def one(number: int) -> float:
            async with twilio.call(to=TO, from_=f"+1500555{number:04}") as call:
                await call.connected()
                await call.quiet(0.2)
                return max(call.stream.record.lateness_s)

        worst = await asyncio.gather(*(one(number) for number in range(20)))
        assert max(worst) < 0.25 * slowness()
