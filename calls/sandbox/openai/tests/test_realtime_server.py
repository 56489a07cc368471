"""The stand-in for OpenAI, as a client of the real `openai` package sees it."""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode

import pytest
from openai.types.realtime import ResponseAudioDeltaEvent, ResponseDoneEvent
from websockets.exceptions import ConnectionClosed, InvalidStatus

from calls.sandbox.openai.scenario import Scenario
from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.openai.tests.realtime_client import client_of, configured, connected, events_until, next_of
from calls.sandbox.openai.tests.test_vad import recording
from calls.sandbox.receptionist.engine import CallTool, Say
from testing import numbered
from testing.numbered import NumberedVoice

pytestmark = pytest.mark.once


async def test_exact_words_are_spoken_byte_by_byte() -> None:
    words = 'Hello, you have reached "The Clinic".'
    async with RealtimeServer(Scenario(speed=50), voice=NumberedVoice()) as server, configured(server) as connection:
        await connection.response.create(
            response={"instructions": f"Say exactly these words:\n{words}", "metadata": {"kind": "greeting"}}
        )
        audio, done = b"", None
        while done is None:
            event = await asyncio.wait_for(connection.recv(), 5)
            if isinstance(event, ResponseAudioDeltaEvent):
                audio += b64decode(event.delta)
            elif isinstance(event, ResponseDoneEvent):
                done = event.response
        assert audio == numbered.audio(words)
        assert done.status == "completed"
        assert done.metadata == {"kind": "greeting"}


async def test_a_caller_is_heard_answered_and_helped_off_the_line() -> None:
    scenario = Scenario(
        speed=50,
        replies=((Say("We open at nine."),), (Say("Goodbye."), CallTool("end_call"))),
        transcripts=("When are you open?",),
        transcript_delay_s=0.01,
    )
    async with RealtimeServer(scenario, voice=NumberedVoice()) as server, configured(server) as connection:
        for part in (recording("one-moment-please"), b"\xff" * 8000):
            await connection.input_audio_buffer.append(audio=b64encode(part).decode())
        heard = await next_of(connection, "conversation.item.input_audio_transcription.completed")
        assert heard["transcript"] == "When are you open?"
        await connection.response.create()
        done = await next_of(connection, "response.done")
        assert done["response"]["output"][0]["content"][0]["transcript"] == "We open at nine."
        await connection.response.create()
        events = await events_until(connection, "response.done")
        (call,) = [event for event in events if event["type"] == "response.function_call_arguments.done"]
        assert (call["name"], call["arguments"]) == ("end_call", "{}")


async def test_what_the_client_sent_is_recorded_with_its_times() -> None:
    async with RealtimeServer() as server, configured(server) as connection:
        await connection.input_audio_buffer.append(audio=b64encode(b"\xff" * 160).decode())
        await connection.response.cancel(event_id="mine")
        await next_of(connection, "error")
        (record,) = server.connections
        assert [message.event["type"] for message in record.received] == ["session.update", "response.cancel"]
        assert len(record.received_audio) == 1
        assert record.received[0].at <= record.received_audio[0].at <= record.received[1].at
        assert record.sent[-1].event["error"]["event_id"] == "mine"


async def test_the_beta_is_gone() -> None:
    async with RealtimeServer() as server:
        client = client_of(server, **{"OpenAI-Beta": "realtime=v1"})
        async with client.realtime.connect(model="gpt-realtime-2.1") as connection:
            assert (await next_of(connection, "error"))["error"]["code"] == "beta_api_shape_disabled"
            with pytest.raises(ConnectionClosed) as closed:
                await connection.recv_bytes()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4000


async def test_a_key_and_a_model_are_needed() -> None:
    async with RealtimeServer() as server:
        keyless = client_of(server, Authorization="")
        with pytest.raises(InvalidStatus) as refused:
            await keyless.realtime.connect(model="gpt-realtime-2.1").enter()
        assert refused.value.response.status_code == 401
        with pytest.raises(InvalidStatus) as refused:
            await client_of(server).realtime.connect().enter()
        assert refused.value.response.status_code == 400


async def test_stopping_cuts_open_connections() -> None:
    server = RealtimeServer()
    await server.start()
    async with connected(server) as connection:
        await next_of(connection, "session.created")
        await asyncio.wait_for(server.stop(), 2)
        with pytest.raises(ConnectionClosed):
            await connection.recv_bytes()
