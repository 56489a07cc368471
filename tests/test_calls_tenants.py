"""Nothing of one business reaches another: audio, instructions, transcripts, settings, records (G14)."""

from __future__ import annotations

import asyncio
import json

import pytest

from calls.sandbox.receptionist.engine import Say
from calls.sandbox.telephone.placed_call import PlacedCall
from testing import numbered
from tests.call_hearing import forwarded, heard
from tests.call_rig import Desk, Rig, scenario, speech

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_nothing_crosses_between_two_businesses(rig: Rig) -> None:
    one = await rig.desk(
        scenario(replies=((Say("We sell lemons."),),), transcripts=("How much are lemons?",)),
        greeting="Hello, lemons.",
        instructions="Lemons cost nine.",
        voice="cedar",
        server_vad_threshold=0.77,
    )
    other = await rig.desk(
        scenario(replies=((Say("הרופאה כאן."),),), transcripts=("הרופאה שם?",)),
        greeting="שלום, המרפאה.",
        instructions="הרופאה מקבלת בבוקר.",
        language="he",
        voice="sage",
        server_vad_threshold=0.83,
        fallback_number="+12125558888",
    )
    async with rig.calling(one) as call_one, rig.calling(other) as call_other, asyncio.TaskGroup() as calls:
        calls.create_task(ask(call_one, "hello", "Hello, lemons.", "We sell lemons."))
        calls.create_task(ask(call_other, "nobody-is-available", "שלום, המרפאה.", "הרופאה כאן."))
    for desk, call, threshold in ((one, call_one, 0.77), (other, call_other, 0.83)):
        (connection,) = desk.lane.connections
        assert bytes(call.stream.caller.track).startswith(forwarded(connection))
        check_session(desk, threshold)
    said = {text for desk in (one, other) for text in own_words(desk)}
    await check_kept(rig, call_one, own_words(one) | {"How much are lemons?"}, said - own_words(one))
    await check_kept(rig, call_other, own_words(other) | {"הרופאה שם?"}, said - own_words(other))


async def ask(call: PlacedCall, question: str, *answers: str) -> None:
    await call.quiet(0.3, after_bytes=len(numbered.audio(answers[0])))
    call.say(speech(question))
    expected = b"".join(map(numbered.audio, answers))
    await call.quiet(0.8, after_bytes=len(expected))
    assert heard(call) == expected


def own_words(desk: Desk) -> set[str]:
    said = {part.words for reply in desk.lane.scenario.replies for part in reply if isinstance(part, Say)}
    return {desk.business.greeting_text} | said


def check_session(desk: Desk, threshold: float) -> None:
    """What OpenAI was told is this business's own, as the design says."""
    (update,) = desk.lane.received("session.update")
    session = update["session"]
    assert session["audio"]["output"] == {"format": {"type": "audio/pcmu"}, "voice": desk.business.voice}
    hearing = session["audio"]["input"]
    assert hearing["format"] == {"type": "audio/pcmu"}
    assert hearing["transcription"]["languages"][0] == desk.business.language
    detection = hearing["turn_detection"]
    assert detection["type"] == "server_vad"
    assert detection["threshold"] == threshold
    assert detection["create_response"] is False
    assert detection["interrupt_response"] is False
    assert desk.business.instructions in session["instructions"]
    assert desk.business.greeting_text in session["instructions"]
    tools = {each["name"] for each in session["tools"]}
    tools -= {"take_message", "look_up_caller"}  # every business has these
    assert tools == ({"end_call", "transfer_call"} if desk.business.fallback_number else {"end_call"})


async def check_kept(rig: Rig, call: PlacedCall, own: set[str], foreign: set[str]) -> None:
    records = await rig.records(call)
    assert {turn.text for turn in records.turns} == own
    assert {turn.business_id for turn in records.turns} == {records.call.business_id}
    everything = repr(records.trace) + json.dumps(records.call.settings, ensure_ascii=False)
    assert not [words for words in foreign if words in everything]
    assert records.call.settings["greeting_text"] in own
