"""The model asks for the wrong thing, or is asked it: what the caller hears over real sockets, and the record (G17)."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from calls.audio import ulaw
from calls.conversation.commands import AnswerTool
from calls.conversation.tool_calls import Result
from calls.line.session_check import WRONG_FORMAT
from calls.records.traces import Decided
from calls.sandbox.openai.connection import Connection
from calls.sandbox.openai.scenario import (
    EndSession,
    FailTranscription,
    HalfToolCall,
    Incomplete,
    OtherFormat,
    RefusePart,
    SlowFirstDelta,
)
from calls.sandbox.receptionist.engine import CallTool, Say
from calls.sandbox.telephone.placed_call import PlacedCall
from testing import numbered
from tests.call_hearing import heard, words_heard
from tests.call_office import Records
from tests.call_rig import FALLBACK, SECOND, Rig, scenario, speech

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.once]

GREETING = "Hello, this is the clinic."
HOURS = "Sunday to Thursday from 8 to 6, Friday until noon."
GOODBYE = "Goodbye, and thank you."
PHANTOM = "Thank you for watching!"
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"


def beep() -> bytes:
    """Returns a second of two loud tones (µ-law): nobody's voice."""
    seconds = np.arange(ulaw.SAMPLE_RATE) / ulaw.SAMPLE_RATE
    wave = 4000 * np.sin(2 * np.pi * 1000 * seconds) + 4000 * np.sin(2 * np.pi * 1400 * seconds)
    return ulaw.encode(wave.astype(np.int16))


def verbs(call: PlacedCall) -> list[str]:
    return [each.name for each in call.record.verbs]


def told(records: Records) -> list[str]:
    """Returns what the model was told about its function calls."""
    decided = [line.command for line in records.trace if isinstance(line, Decided)]
    return [command.output for command in decided if isinstance(command, AnswerTool)]


async def test_what_the_model_asks_for(rig: Rig) -> None:
    async with asyncio.TaskGroup() as calls:
        calls.create_task(a_wordless_end_says_goodbye_first(rig))
        calls.create_task(a_transfer_that_nobody_announced_is_announced(rig))
        calls.create_task(half_a_request_is_not_carried_out(rig))
        calls.create_task(functions_for_ever(rig))


async def test_noise_that_openai_makes_words_of(rig: Rig) -> None:
    """A beep that our ears don't take for a voice, with a transcript of what nobody said; then somebody speaks."""
    desk = await rig.desk(scenario(replies=((Say(SECOND),),), transcripts=(PHANTOM, "What are your hours?")))
    async with rig.calling(desk) as call:
        call.say(beep())
        await call.until(lambda: desk.lane.sent(TRANSCRIBED))
        until = call.now + 0.5
        await call.until(lambda: call.now >= until)
        assert desk.lane.received("response.create") == []
        call.say(speech("hello"))
        await call.quiet(0.8, after_bytes=len(numbered.audio(SECOND)))
    assert heard(call) == numbered.audio(SECOND)
    records = await rig.records(call)
    assert "no evidence of speech" in rig.logged(records.call.pk)
    assert [turn.text for turn in records.turns if turn.speaker == "caller"] == ["What are your hours?"]
    assert desk.lane.received("session.update")[0]["session"]["include"] == ["item.input_audio_transcription.logprobs"]


async def test_what_goes_wrong_between_the_caller_and_the_model(rig: Rig) -> None:
    async with asyncio.TaskGroup() as calls:
        calls.create_task(cut_off_answer_goes_on(rig))
        calls.create_task(slow_model_and_a_caller_who_asks(rig))
        calls.create_task(keys_reach_the_model(rig))
        calls.create_task(old_words_are_not_answered_twice(rig))
        calls.create_task(static_is_never_heard(rig))
        calls.create_task(a_voice_that_is_gone(rig))
        calls.create_task(a_transcription_model_that_is_gone(rig))


async def cut_off_answer_goes_on(rig: Rig) -> None:
    """The stand-in's own rules answer and go on: the whole text is heard, and no word of it twice."""
    cut = Incomplete(reason="max_output_tokens", times=1, after_deltas=12)
    plan = scenario(cut, replies=(), transcripts=("When are you open?",))
    desk = await rig.desk(plan, greeting=GREETING, instructions=f"Opening hours: {HOURS}")
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        call.say(speech("hello"))
        await call.until(lambda: len(desk.lane.sent("response.done")) == 2)
        await call.quiet(0.5)
    assert len(heard(call)) > len(numbered.audio(GREETING)) + 12 * 800
    assert heard(call).startswith(
        numbered.audio(GREETING) + numbered.audio(f"Our opening hours are: {HOURS}")[: 12 * 800]
    )
    assert "max_output_tokens" in rig.logged((await rig.records(call)).call.pk)


async def slow_model_and_a_caller_who_asks(rig: Rig) -> None:
    slow = scenario(SlowFirstDelta(seconds=3.5, times=1), replies=((Say(SECOND),),), transcripts=("Hours?", "Hello?"))
    desk = await rig.desk(slow)
    async with rig.calling(desk) as call:
        await call.until(lambda: desk.lane.sent("session.updated"))
        call.say(speech("hello"))
        await call.until(lambda: desk.lane.received("response.create"))
        asked_at = call.now
        await call.until(lambda: call.now >= asked_at + 1.2)
        call.say(speech("hello"))
        await call.until(lambda: len(words_heard(call)) >= len(numbered.audio(SECOND)))
        await call.quiet(1.0)
    assert words_heard(call) == numbered.audio(SECOND)
    assert desk.lane.received("response.cancel") == []
    assert len(desk.lane.received("response.create")) == 1


async def keys_reach_the_model(rig: Rig) -> None:
    desk = await rig.desk(scenario(replies=((Say(SECOND),),)), greeting=GREETING)
    async with rig.calling(desk) as call:
        await call.quiet(0.3, after_bytes=len(numbered.audio(GREETING)))
        for key in "12#":
            call.press(key)
        await call.quiet(0.5, after_bytes=len(numbered.audio(GREETING + SECOND)))
    told = [each["item"]["content"][0]["text"] for each in desk.lane.received("conversation.item.create")]
    assert told[-1] == "(The caller pressed keys of the telephone: 1 2 #)"
    records = await rig.records(call)
    assert [turn.text for turn in records.turns if turn.speaker == "caller"] == ["⌨ 12#"]
    assert "12#" not in rig.logged(records.call.pk)


async def old_words_are_not_answered_twice(rig: Rig) -> None:
    """The transcript of a turn fails; it is answered; the session is lost: the new one doesn't hear the turn again."""
    plan = scenario(FailTranscription(), EndSession(times=1, after_s=6.0), replies=((Say(SECOND),), (Say(GOODBYE),)))
    desk = await rig.desk(plan)
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.until(lambda: len(desk.lane.connections) == 2)
        until = call.now + 2.5
        await call.until(lambda: call.now >= until)
    assert heard(call) == numbered.audio(SECOND)
    assert len(desk.lane.received("response.create")) == 1
    assert not desk.lane.connections[1].received_audio or not _commits(desk.lane.connections[1])


def _commits(connection: Connection) -> list[object]:
    return [each for each in connection.sent if each.event["type"] == "input_audio_buffer.committed"]


async def static_is_never_heard(rig: Rig) -> None:
    desk = await rig.desk(scenario(OtherFormat()), greeting=GREETING, fallback_number=FALLBACK)
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.ended()
    assert heard(call) == numbered.audio(GREETING)
    records = await rig.records(call)
    assert records.call.end_detail == {"cause": WRONG_FORMAT}
    assert "OpenAI took audio.input.format.type as 'audio/pcm', not as 'audio/pcmu'" in rig.logged(records.call.pk)


async def a_voice_that_is_gone(rig: Rig) -> None:
    await answered_without(rig, "audio.output.voice")


async def a_transcription_model_that_is_gone(rig: Rig) -> None:
    await answered_without(rig, "audio.input.transcription.model")


async def answered_without(rig: Rig, part: str) -> None:
    """Check that a caller is answered though OpenAI refuses a part of the configuration."""
    desk = await rig.desk(scenario(RefusePart(part=part), replies=((Say(SECOND),),)))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.quiet(0.8, after_bytes=len(numbered.audio(SECOND)))
    assert heard(call) == numbered.audio(SECOND)
    log = rig.logged((await rig.records(call)).call.pk)
    assert f"code=unsupported_value param=session.{part}" in log
    assert "goes on without" in log


async def a_wordless_end_says_goodbye_first(rig: Rig) -> None:
    desk = await rig.desk(scenario(replies=((CallTool("end_call"),), (Say(GOODBYE),))))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.ended()
    assert heard(call) == numbered.audio(GOODBYE)
    assert call.record.hung_up_by == "server"
    records = await rig.records(call)
    assert (records.call.outcome, told(records)) == ("completed", [Result.SAY_IT_FIRST])
    assert desk.lane.received("response.create")[-1]["response"]["tool_choice"] == "none"


async def a_transfer_that_nobody_announced_is_announced(rig: Rig) -> None:
    plan = scenario(replies=((CallTool("transfer_call"),), (Say(SECOND),)))
    desk = await rig.desk(plan, fallback_number=FALLBACK)
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.ended()
    assert heard(call) == numbered.audio(SECOND)
    assert verbs(call)[:2] == ["Connect", "Dial"]
    assert (await rig.records(call)).call.outcome == "transferred"


async def half_a_request_is_not_carried_out(rig: Rig) -> None:
    desk = await rig.desk(scenario(HalfToolCall(times=1), replies=((CallTool("end_call"),), (Say(SECOND),))))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.quiet(0.8, after_bytes=len(numbered.audio(SECOND)))
    assert heard(call) == numbered.audio(SECOND)
    records = await rig.records(call)
    assert (records.call.end_reason, told(records)) == ("caller_left", [Result.INCOMPLETE])


async def functions_for_ever(rig: Rig) -> None:
    """The third response of a turn may ask for no function; as the stand-in does, a person takes the caller over."""
    plan = scenario(replies=((CallTool("order_pizza", '{"size": "large"}'),),) * 20)
    desk = await rig.desk(plan, fallback_number=FALLBACK)
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.ended()
    asked = desk.lane.received("response.create")
    assert len(asked) == 3
    assert asked[-1]["response"]["tool_choice"] == "none"
    records = await rig.records(call)
    assert told(records) == [Result.UNKNOWN] * 3
    assert (records.call.outcome, records.call.end_detail) == ("fallback", {"cause": "only_functions"})
