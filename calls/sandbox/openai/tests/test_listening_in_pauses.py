"""The listener begins in the silence that may end a turn, so that the words are there when it does."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import pytest

from calls.sandbox.openai.outputs import Listen, Output, Prepare
from calls.sandbox.openai.scenario import Scenario
from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.openai.tests.realtime_client import configured, next_of
from calls.sandbox.openai.tests.test_realtime_session import LOUD, Client, update
from calls.sandbox.openai.tests.test_streamed_answers import SlowClient
from calls.sandbox.voices.listeners import DeafListener, ScriptedListener

pytestmark = pytest.mark.once

SILENT_100_MS = b64encode(b"\xff" * 800).decode()
SILENT_MS = 100
LOUD_BYTE, LOUD_BYTES = 0x90, 800  # of those in `LOUD`
ENDS_AFTER_MS = 400
DELAY_S = Scenario().transcript_delay_s


class AttentiveClient(SlowClient):
    """A client of a session whose listener takes its time and is asked in pauses."""

    listens_in_pauses = True

    def speaks(self) -> None:
        self.send(type="input_audio_buffer.append", audio=LOUD)

    def is_silent(self, milliseconds: int) -> None:
        for _ in range(milliseconds // SILENT_MS):
            self.now += SILENT_MS / 1000
            self.send(type="input_audio_buffer.append", audio=SILENT_100_MS)

    def hears(self, turn: Listen, words: str) -> None:
        self.core.heard(turn.item_id, words, self.now, attempt=turn.attempt)
        self.wait(DELAY_S)

    def transcripts(self) -> list[str]:
        completed = "conversation.item.input_audio_transcription.completed"
        return [event["transcript"] for event in self.events if event["type"] == completed]

    def ask(self) -> None:
        self.send(type="response.create")
        self.wait(0)


def test_words_heard_in_the_silence_are_there_when_the_turn_ends() -> None:
    client = AttentiveClient()
    client.speaks()
    client.is_silent(200)
    (turn,) = client.turns
    client.hears(turn, "When are you open?")
    assert client.transcripts() == [], "the turn is not over"
    client.is_silent(ENDS_AFTER_MS - 200)
    client.wait(DELAY_S)
    assert client.transcripts() == ["When are you open?"]
    client.ask()
    assert [thought.request.caller_said for thought in client.thoughts] == [("When are you open?",)]
    assert client.turns == [turn], "nobody listened twice"


def test_a_thought_waits_for_what_is_still_being_listened_to() -> None:
    client = AttentiveClient()
    client.speaks()
    client.is_silent(ENDS_AFTER_MS)
    client.ask()
    assert client.thoughts == []
    client.hears(client.turns[0], "When are you open?")
    assert client.transcripts() == ["When are you open?"]
    assert [thought.request.caller_said for thought in client.thoughts] == [("When are you open?",)]


def test_what_was_heard_in_a_pause_is_void_when_the_caller_goes_on() -> None:
    client = AttentiveClient()
    client.speaks()
    client.is_silent(300)
    client.speaks()
    client.is_silent(200)
    first, second = client.turns
    assert first.item_id == second.item_id
    assert len(second.audio) > len(first.audio)
    client.hears(second, "When are you open on Sunday?")
    client.hears(first, "When are you open")  # it comes last, and all the same means nothing
    client.is_silent(ENDS_AFTER_MS - 200)
    client.wait(DELAY_S)
    assert client.transcripts() == ["When are you open on Sunday?"]


def test_what_was_heard_in_a_pause_is_not_all_of_a_turn_that_the_client_commits() -> None:
    client = AttentiveClient()
    client.speaks()
    client.is_silent(200)
    client.hears(client.turns[0], "When are you open")
    client.speaks()
    client.send(type="input_audio_buffer.commit")
    assert client.transcripts() == []
    client.hears(client.turns[1], "When are you open on Sunday?")
    assert client.transcripts() == ["When are you open on Sunday?"]


def test_audio_that_the_client_has_cleared_is_not_heard() -> None:
    client = AttentiveClient()
    client.speaks()
    client.is_silent(200)
    client.hears(client.turns[0], "Never mind.")
    client.send(type="input_audio_buffer.clear")
    client.is_silent(ENDS_AFTER_MS - 200)
    client.wait(DELAY_S)
    assert client.transcripts() == []
    assert len(client.turns) == 2


def test_no_listener_is_asked_early_that_would_not_like_it() -> None:
    client = SlowClient()
    client.send(type="input_audio_buffer.append", audio=LOUD)
    client.send(type="input_audio_buffer.append", audio=b64encode(b"\xff" * 2400).decode())
    assert client.turns == []


class PreparedClient(Client):
    """Notes which languages the listener is told of."""

    def __init__(self) -> None:
        self.languages: list[str] = []
        super().__init__()

    def take(self, outputs: list[Output]) -> None:
        self.languages += [output.language for output in outputs if isinstance(output, Prepare)]
        super().take(outputs)


def test_the_listener_learns_the_language_when_the_session_is_configured() -> None:
    client = PreparedClient()
    client.send(**update(audio={"input": {"transcription": {"model": "whisper-1", "language": "he"}}}))
    assert client.languages == ["en", "he"]


class StuckListener(DeafListener):
    """Never gets to the end of what it hears in the first pause."""

    listens_in_pauses = True

    def __init__(self) -> None:
        self.stuck = asyncio.Event()
        self.prepared: list[str] = []

    async def prepare(self, language: str) -> None:
        self.prepared.append(language)

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
    assert listener.prepared == ["en"]


def test_a_scenario_has_one_transcript_a_turn() -> None:
    assert not ScriptedListener(("One.",), StuckListener()).listens_in_pauses
    assert ScriptedListener((), StuckListener()).listens_in_pauses
    assert not ScriptedListener((), DeafListener()).listens_in_pauses
