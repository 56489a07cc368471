"""Failures of the stand-in for OpenAI that leave a caller in silence, as a client of the real package meets them."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from calls.sandbox.openai.scenario import RejectResponse
from calls.sandbox.openai.silent_faults import (
    BlackHole,
    Deaf,
    DeafVad,
    EndlessSpeech,
    EndWhenReady,
    LateCancel,
    Swallow,
    WithoutAudio,
)
from calls.sandbox.openai.tests.realtime_client import configured, events_until, next_of
from calls.sandbox.openai.tests.test_faults import DELTA, answered, deltas, outcome, server_with
from calls.sandbox.openai.tests.test_vad import recording

pytestmark = pytest.mark.once

NOTHING_S = 0.4


async def nothing_comes(connection: Any, kinds: Sequence[str]) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(NOTHING_S):
            await next_of(connection, *kinds)


async def say(connection: Any) -> None:
    audio = recording("hello") + b"\xff" * 8000
    await connection.input_audio_buffer.append(audio=b64encode(audio).decode())


async def test_a_session_ends_as_soon_as_it_is_ready() -> None:
    async with server_with(EndWhenReady(close_code=1008)) as server, configured(server) as connection:
        with pytest.raises(ConnectionClosed) as closed:
            await next_of(connection, "response.done")
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1008


async def test_a_black_hole_answers_nothing_and_stays_open() -> None:
    async with server_with(BlackHole(after_s=0.1)) as server, configured(server) as connection:
        await nothing_comes(connection, ["error"])
        await connection.response.create()
        await nothing_comes(connection, ["response.created", "error"])
        assert server.connections[0].close_code is None


@pytest.mark.parametrize(
    ("fault", "hears"), [(DeafVad(), []), (EndlessSpeech(), ["input_audio_buffer.speech_started"])]
)
async def test_a_turn_that_does_not_end_by_itself_is_taken_when_it_is_committed(fault: Any, hears: list[str]) -> None:
    async with server_with(fault) as server, configured(server) as connection:
        await say(connection)
        await connection.input_audio_buffer.commit()
        events = await events_until(connection, "input_audio_buffer.committed")
    heard = [event["type"] for event in events if event["type"].startswith("input_audio_buffer.speech")]
    assert heard == hears


async def test_a_deaf_session_says_nothing_to_audio_nor_to_a_commit() -> None:
    async with server_with(Deaf()) as server, configured(server) as connection:
        await say(connection)
        await connection.input_audio_buffer.commit()
        await nothing_comes(connection, ["input_audio_buffer.committed", "error"])


async def test_a_request_is_swallowed_once() -> None:
    async with server_with(Swallow(times=1)) as server, configured(server) as connection:
        await connection.response.create()
        await nothing_comes(connection, ["response.created", "error"])
        await connection.response.create()
        await next_of(connection, "response.created")


@pytest.mark.parametrize("text", ["", "Only written."])
async def test_a_response_without_audio_is_completed(text: str) -> None:
    async with server_with(WithoutAudio(text=text)) as server:
        events = await answered(server)
    assert (deltas(events), outcome(events)[0]) == (0, "completed")
    assert [event["delta"] for event in events if event["type"] == "response.output_text.delta"] == [text] * bool(text)


async def test_a_late_cancel_stands_in_the_way_of_the_next_request() -> None:
    async with server_with(LateCancel(seconds=0.5, times=1)) as server, configured(server) as connection:
        await connection.response.create()
        await next_of(connection, DELTA)
        await connection.response.cancel()
        await connection.response.create()
        refused = await next_of(connection, "error")
        assert refused["error"]["code"] == "conversation_already_has_active_response"
        done = await next_of(connection, "response.done")
        assert done["response"]["status"] == "cancelled"
        await connection.response.create()
        await next_of(connection, "response.created")


async def test_a_refusal_says_what_the_scenario_wants() -> None:
    message = "Rate limit reached. Please try again in 1.2s."
    async with server_with(RejectResponse(code="rate_limit_exceeded", message=message)) as server:
        events = await answered(server, "error")
    assert events[-1]["error"]["message"] == message
