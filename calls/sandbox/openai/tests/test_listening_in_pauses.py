"""The listener begins in the silence that may end a turn, so that the words are there when it does."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import replace

import pytest

from calls.sandbox.openai.scenario import Scenario
from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.openai.tests.realtime_client import configured, next_of
from calls.sandbox.openai.tests.test_realtime_session import LOUD
from calls.sandbox.openai.tests.test_streamed_answers import SlowClient
from calls.sandbox.voices.ears import DeafListener, ScriptedListener

pytestmark = pytest.mark.once

SILENT_100_MS = b64encode(b"\xff" * 800).decode()
SILENT_MS = 100
LOUD_BYTE, LOUD_BYTES = 0x90, 800  # of those in `LOUD`
ENDS_AFTER_MS = 400
DELAY_S = Scenario().transcript_delay_s


class AttentiveClient(SlowClient):
    """A client of a session whose listener takes its time."""

    def speaks(self) -> None:
        self.send(type="input_audio_buffer.append", audio=LOUD)

    def is_silent(self, milliseconds: int) -> None:
        for _ in range(milliseconds // SILENT_MS):
            self.now += SILENT_MS / 1000
            self.send(type="input_audio_buffer.append", audio=SILENT_100_MS)

    def transcripts(self) -> list[str]:
        completed = "conversation.item.input_audio_transcription.completed"
        return [event["transcript"] for event in self.events if event["type"] == completed]


def test_what_was_said_before_a_pause_is_what_was_said_when_the_turn_ends() -> None:
    client = AttentiveClient()
    client.speaks()
    client.is_silent(200)
    (paused,) = client.turns
    assert not paused.is_over
    client.is_silent(ENDS_AFTER_MS - 200)
    assert client.turns == [paused, replace(paused, is_over=True)]


def test_a_pause_that_was_none_is_part_of_the_turn() -> None:
    client = AttentiveClient()
    client.speaks()
    client.is_silent(300)
    client.speaks()
    client.is_silent(ENDS_AFTER_MS)
    first, second, over = client.turns
    assert first.item_id == second.item_id
    assert len(second.audio) > len(first.audio)
    assert over == replace(second, is_over=True)


def test_a_thought_waits_for_what_is_still_being_listened_to() -> None:
    client = AttentiveClient()
    client.speaks()
    client.is_silent(ENDS_AFTER_MS)
    client.send(type="response.create")
    client.wait(0)
    assert client.thoughts == []
    client.core.heard(client.turns[-1].item_id, "When are you open?", client.now)
    client.wait(DELAY_S)
    assert client.transcripts() == ["When are you open?"]
    assert [thought.request.caller_said for thought in client.thoughts] == [("When are you open?",)]


def test_what_was_said_before_a_pause_is_not_all_of_a_turn_that_the_client_commits() -> None:
    client = AttentiveClient()
    client.speaks()
    client.is_silent(200)
    client.speaks()
    client.send(type="input_audio_buffer.commit")
    paused, over = client.turns
    assert over.is_over
    assert len(over.audio) > len(paused.audio)


def test_audio_that_the_client_has_cleared_is_not_heard() -> None:
    client = AttentiveClient()
    client.speaks()
    client.is_silent(200)
    client.send(type="input_audio_buffer.clear")
    client.is_silent(ENDS_AFTER_MS - 200)
    paused, over = client.turns
    assert over.is_over
    assert LOUD_BYTE not in over.audio
    assert LOUD_BYTE in paused.audio


class StuckListener(DeafListener):
    """Never finishes the transcription that begins in the first pause."""

    listens_in_pauses = True

    def __init__(self) -> None:
        self.stuck = asyncio.Event()

    async def transcribe(self, audio: bytes, *, language: str) -> str:
        if audio.count(LOUD_BYTE) > LOUD_BYTES:
            return "All of it."
        self.stuck.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.stuck.clear()
        raise AssertionError("never")


async def test_a_pause_that_was_none_is_not_listened_to_any_longer() -> None:
    listener = StuckListener()
    async with RealtimeServer(listener=listener) as server, configured(server) as connection:
        for audio in (LOUD, *[SILENT_100_MS] * 3):
            await connection.input_audio_buffer.append(audio=audio)
        async with asyncio.timeout(5):
            await listener.stuck.wait()
        for audio in (LOUD, *[SILENT_100_MS] * 5):
            await connection.input_audio_buffer.append(audio=audio)
        told = await next_of(connection, "conversation.item.input_audio_transcription.completed")
    assert told["transcript"] == "All of it."
    assert not listener.stuck.is_set()


class CountingListener(DeafListener):
    def __init__(self, *, listens_in_pauses: bool) -> None:
        self.listens_in_pauses = listens_in_pauses
        self.heard: list[int] = []

    async def transcribe(self, audio: bytes, *, language: str) -> str:
        self.heard.append(len(audio))
        return "words"


@pytest.mark.parametrize("listens_in_pauses", [True, False])
async def test_nobody_listens_twice_to_a_turn(listens_in_pauses: bool) -> None:
    listener = CountingListener(listens_in_pauses=listens_in_pauses)
    async with RealtimeServer(listener=listener) as server, configured(server) as connection:
        for audio in (LOUD, *[SILENT_100_MS] * 3):
            await connection.input_audio_buffer.append(audio=audio)
        await connection.response.cancel()
        await next_of(connection, "error")
        assert len(listener.heard) == listens_in_pauses
        for audio in [SILENT_100_MS] * 2:
            await connection.input_audio_buffer.append(audio=audio)
        await next_of(connection, "conversation.item.input_audio_transcription.completed")
    assert len(listener.heard) == 1


def test_a_scenario_has_one_transcript_a_turn() -> None:
    assert not ScriptedListener(("One.",), StuckListener()).listens_in_pauses
    assert ScriptedListener((), StuckListener()).listens_in_pauses
    assert not ScriptedListener((), DeafListener()).listens_in_pauses
