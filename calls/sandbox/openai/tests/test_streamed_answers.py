"""Answers wait for the caller's words, and sound as soon as their first phrase is there."""

from __future__ import annotations

import asyncio

import pytest

from calls.sandbox.openai.generation import Spoken
from calls.sandbox.openai.outputs import Listen, Output, Think
from calls.sandbox.openai.scenario import Scenario
from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.openai.tests.realtime_client import configured, events_until, next_of
from calls.sandbox.openai.tests.test_realtime_session import LOUD, SILENT, Client
from calls.sandbox.receptionist.engine import CallTool, Say
from calls.sandbox.voices.phrases import phrases
from calls.sandbox.voices.voices import Rendering
from testing.numbered import NumberedVoice

pytestmark = pytest.mark.once

AUDIO = b"\x55" * 8000


class SlowClient(Client):
    """A client of a session whose engine and listener take their time: they answer when the test lets them."""

    def __init__(self) -> None:
        self.thoughts: list[Think] = []
        self.turns: list[Listen] = []
        super().__init__()

    def take(self, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, Think):
                self.thoughts.append(output)
            elif isinstance(output, Listen):
                self.turns.append(output)
            else:
                super().take([output])

    def caller_speaks(self) -> None:
        for audio in (LOUD, SILENT, SILENT):
            self.send(type="input_audio_buffer.append", audio=audio)
        self.send(type="input_audio_buffer.commit")


def test_the_engine_thinks_when_every_turn_is_understood() -> None:
    client = SlowClient()
    client.caller_speaks()
    client.caller_speaks()
    client.send(type="response.create")
    assert client.kinds()[-1] == "response.created"
    assert client.thoughts == []
    first, second = (turn for turn in client.turns if turn.is_over)
    client.core.heard(second.item_id, "on Sunday?", client.now)
    client.wait(0.1)
    assert client.thoughts == []
    client.core.heard(first.item_id, "When are you open", client.now)
    client.wait(0.1)
    (thought,) = client.thoughts
    assert thought.request.caller_said == ("When are you open on Sunday?",), "in one breath, as nobody answered between"


def test_a_turn_after_an_answer_is_another_one() -> None:
    client = SlowClient()
    for words in ("Hello.", "Where are you?"):
        client.caller_speaks()
        client.core.heard(client.turns[-1].item_id, words, client.now)
        client.send(type="response.create")
        client.core.speak(client.thoughts[-1].response_id, [Spoken("Yes.", AUDIO)], client.now)
        client.wait(2)
    assert client.thoughts[-1].request.caller_said == ("Hello.", "Where are you?")


def test_phrases_are_one_item_however_late_they_come() -> None:
    client = SlowClient()
    client.send(type="response.create")
    (thought,) = client.thoughts
    assert client.core.speak(thought.response_id, [Spoken("One.", AUDIO)], client.now, more=True)
    kinds = [event["type"] for event in client.wait(5)]
    assert kinds.count("response.output_audio.delta") == 10
    assert "response.output_audio.done" not in kinds
    assert client.wait(5) == [], "nothing until the next phrase is there"
    client.core.speak(thought.response_id, [Spoken(" Two.", AUDIO, goes_on=True)], client.now, more=True)
    client.core.speak(thought.response_id, [CallTool("end_call")], client.now, more=True)
    client.core.speak(thought.response_id, [], client.now)
    client.wait(5)
    response = client.events[-2]["response"]
    message, call = response["output"]
    assert response["status"] == "completed"
    assert message["content"][0]["transcript"] == "One. Two."
    assert call["name"] == "end_call"
    assert client.kinds().count("response.output_audio.done") == 1


def test_nothing_more_is_wanted_of_a_cancelled_response() -> None:
    client = SlowClient()
    client.send(type="response.create")
    (thought,) = client.thoughts
    assert client.core.speak(thought.response_id, [Spoken("One.", AUDIO)], client.now, more=True)
    client.wait(1)
    client.send(type="response.cancel")
    assert not client.core.speak(thought.response_id, [Spoken(" Two.", AUDIO, goes_on=True)], client.now, more=True)
    assert client.wait(1) == []


class StuckVoice:
    """Speaks one phrase, and the second one only when it is let."""

    def __init__(self) -> None:
        self.is_free = asyncio.Event()
        self.asked: list[str] = []

    async def speak(self, words: str, *, voice: str) -> Rendering:
        self.asked.append(words)
        if len(self.asked) > 1:
            await self.is_free.wait()
        return await NumberedVoice().speak(words, voice=voice)


async def test_the_first_phrase_is_heard_while_the_second_is_being_made() -> None:
    voice = StuckVoice()
    scenario = Scenario(speed=50, replies=((Say("We open at 7.30. Come in!"),),))
    async with RealtimeServer(scenario, voice=voice, phrases=phrases) as server, configured(server) as connection:
        await connection.response.create()
        await next_of(connection, "response.output_audio.delta")
        voice.is_free.set()
        done = (await events_until(connection, "response.done"))[-1]
    assert voice.asked == ["We open at 7.30.", "Come in!"]
    (item,) = done["response"]["output"]
    assert item["content"][0]["transcript"] == "We open at 7.30. Come in!"


async def test_a_substitute_is_marked_in_the_transcript() -> None:
    scenario = Scenario(speed=50, replies=((Say("שלום לכם."),), (Say("שלום.", is_exact=True),)))
    async with RealtimeServer(scenario) as server, configured(server) as connection:
        transcripts = []
        for _ in range(2):
            await connection.response.create()
            done = await next_of(connection, "response.done")
            transcripts.append(done["response"]["output"][0]["content"][0]["transcript"])
    assert transcripts == ["[צליל חלופי: למנוע הניסיון אין קול בעברית] שלום לכם.", "שלום."]
