"""OpenAI hears nothing, or not the end of it, and says nothing about it: the caller gets an answer, or a person (G12).

The rules themselves are tested in `calls/tests/test_unheard.py`.
"""

from __future__ import annotations

import asyncio

import pytest

from calls.conversation.commands import Log
from calls.conversation.end_reasons import EndReason
from calls.records.traces import Decided
from calls.sandbox.openai.scenario import Fault
from calls.sandbox.openai.silent_faults import BlackHole, Deaf, DeafVad, EndlessSpeech, Swallow
from testing import numbered
from tests.call_hearing import forwarded, words_heard
from tests.call_office import Records
from tests.call_rig import ANSWER, FALLBACK, Rig, reaches_the_fallback, scenario, speech

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.once]

GREETING = "Hello, this is the clinic."
COMMIT = "input_audio_buffer.commit"


def losses(records: Records) -> list[str]:
    """Returns why sessions were lost, as OpenAI's line or the conversation found."""
    logged = [line.command for line in records.trace if isinstance(line, Decided) and isinstance(line.command, Log)]
    return [log.text.removeprefix("lost: ") for log in logged if log.text.startswith("lost: ")]


async def test_turns_that_openai_does_not_end(rig: Rig) -> None:
    async with asyncio.TaskGroup() as calls:
        calls.create_task(a_turn_that_we_end(rig, DeafVad()))
        calls.create_task(a_turn_that_we_end(rig, EndlessSpeech()))
        calls.create_task(a_telephone_that_sends_nothing_after_the_last_word(rig))


async def a_turn_that_we_end(rig: Rig, fault: Fault) -> None:
    desk = await rig.desk(scenario(fault, transcripts=("What are your hours?",)), greeting=GREETING)
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        call.say(speech("nobody-is-available"))
        await call.until(lambda: words_heard(call) == numbered.audio(GREETING) + numbered.audio(ANSWER))
    assert len(desk.lane.received(COMMIT)) == 1
    assert len(desk.lane.connections) == 1
    records = await rig.records(call)
    assert [turn.text for turn in records.turns if turn.speaker == "caller"] == ["What are your hours?"]
    assert records.call.outcome == "completed"


async def a_telephone_that_sends_nothing_after_the_last_word(rig: Rig) -> None:
    desk = await rig.desk(scenario(), greeting=GREETING)
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        said = call.say(speech("nobody-is-available"))
        await call.until(lambda: call.now >= said.end)
        call.stream.is_withheld = True
        await call.until(lambda: words_heard(call) == numbered.audio(GREETING) + numbered.audio(ANSWER))
        call.stream.is_withheld = False
    audio = forwarded(desk.lane.connections[0])
    assert b"\x00" * 800 not in audio
    assert (await rig.records(call)).call.outcome == "completed"


async def test_sessions_that_hear_nothing(rig: Rig) -> None:
    async with asyncio.TaskGroup() as calls:
        calls.create_task(a_session_that_is_replaced(rig, Deaf(times=1), "unheard"))
        calls.create_task(a_session_that_is_replaced(rig, BlackHole(after_s=1.0, times=1), ""))
        calls.create_task(sessions_that_are_deaf_for_ever(rig))
        calls.create_task(a_black_hole_in_silence_is_noticed_by_its_pings(rig))
        calls.create_task(a_request_that_is_swallowed(rig))


async def a_session_that_is_replaced(rig: Rig, fault: Fault, cause: str) -> None:
    """The next session hears the caller's words again, and its answer is heard once."""
    desk = await rig.desk(scenario(fault), greeting=GREETING)
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        call.say(speech("nobody-is-available"))
        await call.until(lambda: words_heard(call) == numbered.audio(GREETING) + numbered.audio(ANSWER))
    records = await rig.records(call)
    assert len(desk.lane.connections) == 2
    assert losses(records) == [cause] or (not cause and losses(records)[0] in ("unheard", "no_pong"))
    assert [turn.speaker for turn in records.turns] == ["assistant", "caller", "assistant"]


async def sessions_that_are_deaf_for_ever(rig: Rig) -> None:
    desk = await rig.desk(scenario(Deaf()), greeting=GREETING, fallback_number=FALLBACK)
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        call.say(speech("nobody-is-available"))
        await reaches_the_fallback(rig, call, EndReason.NO_ANSWER, "unheard")
    assert 2 <= len(desk.lane.connections) <= 5


async def a_black_hole_in_silence_is_noticed_by_its_pings(rig: Rig) -> None:
    desk = await rig.desk(scenario(BlackHole(after_s=0.5, times=1)), greeting=GREETING)
    async with rig.calling(desk) as call:
        await call.until(lambda: len(desk.lane.connections) == 2)
    assert losses(await rig.records(call)) == ["no_pong"]


async def a_request_that_is_swallowed(rig: Rig) -> None:
    desk = await rig.desk(scenario(DeafVad(), Swallow(times=1)), greeting=GREETING)
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        call.say(speech("nobody-is-available"))
        await call.until(
            lambda: words_heard(call).startswith(numbered.audio(GREETING)) and len(desk.lane.connections) == 2
        )
        await call.quiet(1.0, after_bytes=len(numbered.audio(GREETING)) + 8000)
    assert losses(await rig.records(call)) == ["stalled"]
