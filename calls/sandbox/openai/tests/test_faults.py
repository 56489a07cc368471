"""Every scripted failure of the stand-in for OpenAI, as a client of the real `openai` package meets it."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from calls.sandbox.openai.scenario import (
    CancelSilently,
    DropConnection,
    DuplicateCommit,
    EndSession,
    FailResponse,
    Fault,
    ForeignResponse,
    Garbage,
    HangAtConnect,
    IgnoreSessionUpdate,
    Incomplete,
    LateDeltas,
    NoMetadata,
    OldEventNames,
    PhantomSpeech,
    Refuse,
    RejectResponse,
    Scenario,
    SessionError,
    SlowFirstDelta,
    SplitAudio,
    Stall,
    UnknownEvent,
)
from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.openai.tests.realtime_client import client_of, configured, connected, events_until, next_of
from calls.sandbox.openai.tests.test_vad import recording
from calls.sandbox.receptionist.engine import Say
from testing import numbered
from testing.numbered import NumberedVoice

pytestmark = pytest.mark.once

WORDS = "These are ten words or so, spoken."  # 2 s
DELTA = "response.output_audio.delta"
NOTHING_S = 0.4


def server_with(*faults: Fault, **values: Any) -> RealtimeServer:
    values = {"speed": 20.0, "first_delta_s": 0.02, "replies": ((Say(WORDS),),) * 3, **values}
    return RealtimeServer(Scenario(faults=faults, **values), voice=NumberedVoice())


async def answered(server: RealtimeServer, *until: str) -> list[dict[str, Any]]:
    """Ask for a response on a new connection. Returns its events."""
    async with configured(server) as connection:
        await connection.response.create(response={"metadata": {"kind": "answer"}}, event_id="mine")
        return await events_until(connection, *(until or ("response.done",)))


def deltas(events: list[dict[str, Any]]) -> int:
    return sum(event["type"] == DELTA for event in events)


def outcome(events: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    response = events[-1]["response"]
    return response["status"], response["status_details"]


# Connections --------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [401, 429, 500])
async def test_refuse_the_first_connections_only(status: int) -> None:
    async with server_with(Refuse(status=status, times=2)) as server:
        for _ in range(2):
            with pytest.raises(InvalidStatus) as refused:
                await client_of(server).realtime.connect(model="m").enter()
            assert refused.value.response.status_code == status
            assert "error" in json.loads(refused.value.response.body or b"")
        assert outcome(await answered(server))[0] == "completed"


async def test_hang_at_connect() -> None:
    async with server_with(HangAtConnect(times=1)) as server:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client_of(server).realtime.connect(model="m").enter(), NOTHING_S)
        assert outcome(await answered(server))[0] == "completed"


async def test_ignore_the_session_update() -> None:
    async with server_with(IgnoreSessionUpdate()) as server, connected(server) as connection:
        await next_of(connection, "session.created")
        await connection.session.update(session={"type": "realtime"})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connection.recv(), NOTHING_S)


async def test_a_session_error_and_a_close() -> None:
    async with server_with(SessionError(code="insufficient_quota")) as server, connected(server) as connection:
        assert (await next_of(connection, "error"))["error"]["code"] == "insufficient_quota"
        assert await close_code(connection) == 1008


@pytest.mark.parametrize(("sent", "received"), [(1001, 1001), (None, None)])
async def test_a_session_that_ends_soon(sent: int | None, received: int | None) -> None:
    async with server_with(EndSession(after_s=0.1, close_code=sent)) as server, connected(server) as connection:
        await next_of(connection, "session.created")
        assert await close_code(connection) == received


async def test_the_session_limit_can_be_short() -> None:
    async with server_with(session_lifetime_s=0.2) as server, connected(server) as connection:
        assert (await next_of(connection, "error"))["error"]["code"] == "session_expired"
        assert await close_code(connection) == 1001


async def test_phantom_speech() -> None:
    async with server_with(PhantomSpeech(at_s=0.1, lasts_s=0.1)) as server, configured(server) as connection:
        events = await events_until(connection, "input_audio_buffer.committed")
        assert [event["type"] for event in events] == [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
        ]


async def test_a_foreign_response() -> None:
    async with server_with(ForeignResponse(at_s=0.1, words="Surprise!")) as server, configured(server) as connection:
        created = await next_of(connection, "response.created")
        assert created["response"]["metadata"] is None
        events = await events_until(connection, "response.done")
        assert audio(events) == numbered.audio("Surprise!")


async def test_a_duplicate_commit() -> None:
    async with server_with(DuplicateCommit()) as server, configured(server) as connection:
        for part in (recording("hello"), b"\xff" * 8000):
            await connection.input_audio_buffer.append(audio=b64encode(part).decode())
        first = await next_of(connection, "input_audio_buffer.committed")
        second = await next_of(connection, "input_audio_buffer.committed")
        assert first["item_id"] == second["item_id"]


# Responses ----------------------------------------------------------------------------------------
async def test_reject_the_first_response_only() -> None:
    async with server_with(RejectResponse(code="inference_rate_limit_exceeded", times=1)) as server:
        error = (await answered(server, "error", "response.created"))[-1]["error"]
        assert (error["code"], error["event_id"]) == ("inference_rate_limit_exceeded", "mine")
        assert outcome(await answered(server))[0] == "completed"


async def test_stall_in_the_middle() -> None:
    async with server_with(Stall(after_deltas=3)) as server, configured(server) as connection:
        await connection.response.create()
        for _ in range(3):
            await next_of(connection, "response.output_audio.delta")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connection.recv(), NOTHING_S)
        await connection.response.cancel()
        done = await next_of(connection, "response.done")
    assert done["response"]["status"] == "cancelled"


async def test_stall() -> None:
    async with server_with(Stall()) as server, configured(server) as connection:
        await connection.response.create()
        await next_of(connection, "response.created")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connection.recv(), NOTHING_S)
        await connection.response.cancel()
        assert (await next_of(connection, "response.done"))["response"]["status"] == "cancelled"


async def test_a_slow_first_delta() -> None:
    async with server_with(SlowFirstDelta(seconds=0.3)) as server:
        events = await answered(server)
        assert outcome(events)[0] == "completed"
        times = {message.event["type"]: message.at for message in reversed(server.connections[0].sent)}
        assert 0.3 <= times[DELTA] - times["response.created"] < 2


@pytest.mark.parametrize(
    ("fault", "status", "details"),
    [
        (FailResponse, "failed", "server_error"),
        (CancelSilently, "cancelled", "turn_detected"),
        (Incomplete, "incomplete", "content_filter"),
    ],
)
@pytest.mark.parametrize("after", [0, 3])
async def test_responses_that_end_badly(fault: Any, status: str, details: str, after: int) -> None:
    async with server_with(fault(after_deltas=after, times=1)) as server:
        events = await answered(server)
        assert deltas(events) == after
        assert outcome(events)[0] == status
        assert details in json.dumps(outcome(events)[1])
        assert outcome(await answered(server))[0] == "completed"


async def test_a_rate_limit_in_a_response() -> None:
    fault = FailResponse(error_type="rate_limit_exceeded", code="rate_limit_exceeded")
    async with server_with(fault) as server:
        assert outcome(await answered(server))[1]["error"]["code"] == "rate_limit_exceeded"


async def test_drop_the_connection_in_the_middle_of_a_sentence() -> None:
    async with server_with(DropConnection(after_deltas=4, times=1)) as server:
        with pytest.raises(ConnectionClosed):
            await answered(server)
        assert deltas([message.event for message in server.connections[0].sent]) == 4
        assert outcome(await answered(server))[0] == "completed"


async def test_garbage_comes_and_the_response_goes_on() -> None:
    async with server_with(Garbage(after_deltas=2)) as server, configured(server) as connection:
        await connection.response.create()
        frames: list[bytes] = []
        while not frames or b'"response.done"' not in frames[-1]:
            frames.append(await asyncio.wait_for(connection.recv_bytes(), 5))
        assert b"{ this is no JSON" in frames
        assert b"\x00\xff\xfe" in frames
        assert b'"completed"' in frames[-1]


async def test_unknown_events_come_and_the_response_goes_on() -> None:
    async with server_with(UnknownEvent(after_deltas=2)) as server:
        events = await answered(server)
        assert [event["type"] for event in events].count("response.sparkle.delta") == 1
        assert outcome(events)[0] == "completed"
        assert audio(events) == numbered.audio(WORDS)


async def test_late_deltas_after_a_cancel() -> None:
    async with server_with(LateDeltas(deltas=3)) as server, configured(server) as connection:
        await connection.response.create()
        await next_of(connection, DELTA)
        await connection.response.cancel()
        events = await events_until(connection, "response.done")
        assert outcome(events) == ("cancelled", {"type": "cancelled", "reason": "client_cancelled"})
        cancelled_at = server.connections[0].received[-1].at
        late = [m for m in server.connections[0].sent if m.event["type"] == DELTA and m.at > cancelled_at]
        assert len(late) in {3, 4}, "one may just have been sent when the cancel was read"


async def test_no_metadata() -> None:
    async with server_with(NoMetadata()) as server:
        events = await answered(server)
        assert events[-1]["response"]["metadata"] is None


async def test_the_old_event_names() -> None:
    async with server_with(OldEventNames()) as server:
        kinds = {event["type"] for event in await answered(server)}
        assert {"response.audio.delta", "response.audio.done", "response.audio_transcript.delta"} <= kinds
        assert not any("output_audio" in kind for kind in kinds)


async def test_several_audio_items_in_one_response() -> None:
    async with server_with(SplitAudio(items=3)) as server:
        events = await answered(server)
        items = {event["item_id"] for event in events if event["type"] == DELTA}
        assert len(items) == 3
        assert audio(events) == numbered.audio(WORDS)
        contents = [item["content"][0]["transcript"] for item in events[-1]["response"]["output"]]
        assert "".join(contents) == WORDS


def audio(events: list[dict[str, Any]]) -> bytes:
    return b"".join(b64decode(event["delta"]) for event in events if event["type"] == DELTA)


async def close_code(connection: Any) -> int | None:
    """Returns the code of the server's close frame; None when the connection was cut."""
    with pytest.raises(ConnectionClosed) as closed:
        await asyncio.wait_for(connection.recv_bytes(), 5)
    return closed.value.rcvd.code if closed.value.rcvd else None
