"""The assistant's first utterance in real calls: whole, once, and protected until it was heard (G1–G4, G9, G11)."""

from __future__ import annotations

import asyncio

import pytest

from calls.conversation.commands import Play
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import ModelReady
from calls.records.traces import Decided
from calls.sandbox.openai.scenario import (
    CancelSilently,
    DropConnection,
    FailResponse,
    Fault,
    Incomplete,
    PhantomSpeech,
    RejectResponse,
    Stall,
)
from calls.sandbox.receptionist.engine import Say
from calls.sandbox.telephone.media_stream import LineConditions
from calls.sandbox.telephone.placed_call import PlacedCall
from testing import numbered
from tests.call_hearing import SLACK_S, clears, forwarded, heard, played_until, tones_heard, words_heard
from tests.call_rig import ANSWER, FALLBACK, SECOND, Desk, Rig, reaches_the_fallback, scenario, speech

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.once]

GREETING = "Good morning, you have reached the clinic. We are glad that you call. How may we help you today?"
SHORT_GREETING = "Hello, this is the clinic."
SHORT_ANSWER = scenario(replies=((Say(SECOND),),))


async def shout_over_everything(call: PlacedCall) -> None:
    """Speak from the first frame until after the middle of the greeting; then listen."""
    call.say(speech("not-in-service"))
    await call.until(lambda: call.stream.caller.said and not call.stream.caller.is_speaking)


async def hear_answer(call: PlacedCall, *words: str, timeout_s: float = 20.0) -> None:
    """Wait until the caller has heard exactly so many bytes, and then silence for a while."""
    expected = b"".join(map(numbered.audio, words))
    await call.quiet(0.8, after_bytes=len(expected), timeout_s=timeout_s)
    assert heard(call) == expected


# G1, G9, G11: the caller shouts over the greeting ---------------------------------------------------
async def test_a_greeting_is_heard_whole_and_once_while_the_caller_shouts(rig: Rig) -> None:
    async with asyncio.TaskGroup() as calls:
        calls.create_task(cached_greeting_under_fire(rig))
        calls.create_task(cached_greeting_and_a_silent_caller(rig))
        calls.create_task(greeting_spoken_by_the_model_under_fire(rig))
        calls.create_task(greeting_that_may_be_interrupted(rig))


async def cached_greeting_under_fire(rig: Rig) -> None:
    desk = await rig.desk(SHORT_ANSWER, greeting=GREETING)
    async with rig.calling(desk) as call:
        await shout_over_everything(call)
        await hear_answer(call, GREETING, SECOND)
        assert len(forwarded(desk.lane.connections[0])) > 7 * 8000
    stream = call.stream
    first, *_rest = stream.playback.stretches
    assert bytes(stream.playback.track[first.start : first.end]).startswith(numbered.audio(GREETING)), "with a gap"
    assert clears(call) == []
    assert desk.lane.received("response.cancel") == []
    # What was said meanwhile is answered once, after the greeting: the model was told that it was said.
    (create,) = desk.lane.messages("response.create")
    assert "instructions" not in create.event["response"]
    (told,) = desk.lane.received("conversation.item.create")
    assert told["item"] == {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": GREETING}],
    }
    # No frame of the caller was lost, not even before the session was ready.
    assert bytes(stream.caller.track).startswith(forwarded(desk.lane.connections[0]))
    records = await rig.records(call)
    # At once, while OpenAI was still connecting. How soon that is, bench/bench_calls.py measures.
    ready = next(index for index, line in enumerate(records.trace) if isinstance(line, ModelReady))
    assert any(isinstance(line, Decided) and isinstance(line.command, Play) for line in records.trace[:ready])
    assert [(turn.speaker, turn.is_greeting) for turn in records.turns] == [
        ("assistant", True),
        ("caller", False),
        ("assistant", False),
    ]
    assert records.turns[2].started_ms >= played_until(call, len(numbered.audio(GREETING))) * 1000 - 100
    log = rig.logged(records.call.pk)
    assert log.count("[GREETING]") == 2
    assert log.count("[FIRST_UTTERANCE]") == 1
    assert "heard, barge-in now enabled for the rest of the call" in log
    assert "[BARGE-IN]" in log
    assert "ignored: the first utterance is protected" in log


async def cached_greeting_and_a_silent_caller(rig: Rig) -> None:
    desk = await rig.desk(greeting=SHORT_GREETING)
    async with rig.calling(desk) as call:
        await call.quiet(3.0)
    assert heard(call) == numbered.audio(SHORT_GREETING)
    assert desk.lane.received("response.create") == []
    assert (await rig.records(call)).call.outcome == "abandoned"


async def greeting_spoken_by_the_model_under_fire(rig: Rig) -> None:
    desk = await rig.desk(SHORT_ANSWER, greeting=GREETING, is_rendered=False)
    async with rig.calling(desk) as call:
        await shout_over_everything(call)
        await hear_answer(call, GREETING, SECOND)
    assert clears(call) == []
    assert desk.lane.received("response.cancel") == []
    greeting, answer = desk.lane.received("response.create")
    assert greeting["response"]["metadata"]["kind"] == "greeting"
    assert greeting["response"]["metadata"]["attempt"] == "1"
    assert greeting["response"]["tool_choice"] == "none"
    assert greeting["response"]["instructions"].endswith(f":\n{GREETING}")
    assert answer["response"]["metadata"]["kind"] == "answer"


async def greeting_that_may_be_interrupted(rig: Rig) -> None:
    desk = await rig.desk(greeting=GREETING, first_utterance_protection="off")
    async with rig.calling(desk) as call:
        await call.until(lambda: call.heard_bytes > 8000)
        call.say(speech("nobody-is-available"))
        await call.until(lambda: clears(call))
        await call.quiet(0.3)
        assert len(heard(call)) < 3 * 8000
        assert numbered.audio(GREETING).startswith(heard(call))


# G2: marks that never come back -----------------------------------------------------------------------
async def test_protection_ends_without_marks_by_the_length_of_the_audio(rig: Rig) -> None:
    desk = await rig.desk(greeting=SHORT_GREETING)
    async with rig.calling(desk, LineConditions(loses_mark=lambda _ordinal, _name: True)) as call:
        call.say(speech("one-moment-please"))
        await call.until(lambda: call.heard_bytes > len(numbered.audio(SHORT_GREETING)))
        assert clears(call) == []
        call.say(speech("one-moment-please"))
        await call.until(lambda: clears(call))
    assert call.stream.record.returned_marks == []
    greeting_ended_at = played_until(call, len(numbered.audio(SHORT_GREETING)))
    answered_at = call.stream.playback.stretches[1].start / 8000
    # One second of grace for the mark, and the answer's own time: no constant timer, and no endless protection.
    assert 0.95 < answered_at - greeting_ended_at < 1.6 + SLACK_S
    assert "marks are missing: counted as heard by their length" in rig.logged((await rig.records(call)).call.pk)


# G3: the first response fails -------------------------------------------------------------------------
FAILURES: dict[str, Fault] = {
    "failed": FailResponse(times=1),
    "failed in its first words": FailResponse(times=1, after_deltas=2),
    "cancelled": CancelSilently(times=1),
    "incomplete": Incomplete(times=1),
    "rejected": RejectResponse(times=1),
    "connection lost before audio": DropConnection(times=1),
    "connection lost in its first words": DropConnection(times=1, after_deltas=2),
    "silent": Stall(times=1),
}


async def test_a_first_response_that_fails_is_made_again_and_heard_once(rig: Rig) -> None:
    async with asyncio.TaskGroup() as calls:
        for fault in FAILURES.values():
            calls.create_task(greeting_after(rig, fault))
        calls.create_task(greeting_cut_in_its_middle(rig))
        calls.create_task(greeting_that_never_comes(rig))


async def greeting_after(rig: Rig, fault: Fault) -> None:
    desk = await rig.desk(scenario(fault, replies=((Say(SECOND),),)), greeting=SHORT_GREETING, is_rendered=False)
    async with rig.calling(desk) as call:
        await call.until(lambda: len(words_heard(call)) > 2000)
        call.say(speech("hello"))  # speech over the retry, which is protected too
        await call.until(lambda: len(words_heard(call)) >= len(numbered.audio(SHORT_GREETING) + numbered.audio(SECOND)))
        await call.quiet(0.8)
    assert words_heard(call) == numbered.audio(SHORT_GREETING) + numbered.audio(SECOND), fault
    assert bool(tones_heard(call)) == isinstance(fault, Stall), "who waits for six seconds hears a tone meanwhile"
    assert clears(call) == [], fault
    creates = [each["response"]["metadata"] for each in desk.lane.received("response.create")]
    kinds = [(each["kind"], each["attempt"]) for each in creates]
    assert kinds == [("greeting", "1"), ("greeting", "2"), ("answer", "1")], fault


async def greeting_cut_in_its_middle(rig: Rig) -> None:
    """What the caller has heard of it is not said again; the rest is."""
    plan = scenario(DropConnection(times=1, after_deltas=30), speed=4.0)
    desk = await rig.desk(plan, greeting=GREETING, is_rendered=False)
    async with rig.calling(desk) as call:
        await call.quiet(1.0, after_bytes=30_000)
    first, rest = [
        each["response"]["instructions"].partition(":\n")[2] for each in desk.lane.received("response.create")
    ]
    assert first == GREETING
    assert heard(call) == numbered.audio(GREETING)[: 30 * 800] + numbered.audio(rest)
    assert GREETING.endswith(rest)
    assert len(rest.split()) in {9, 10, 11}  # of 19 words, 30 of 57 deltas were heard


async def greeting_that_never_comes(rig: Rig) -> None:
    """Six attempts over some seconds, then protection ends and a person is called."""
    plan = scenario(FailResponse(times=6))
    desk = await rig.desk(plan, greeting=SHORT_GREETING, is_rendered=False, fallback_number=FALLBACK)
    async with rig.calling(desk) as call:
        records = await reaches_the_fallback(rig, call, EndReason.NO_ANSWER, "server_error")
    assert len(desk.lane.sent("response.done")) == 6
    assert words_heard(call) == b""
    assert "given up, barge-in now enabled" in rig.logged(records.call.pk)


# G4: nobody has spoken yet -----------------------------------------------------------------------------
async def test_without_a_greeting_the_caller_speaks_first(rig: Rig) -> None:
    async with asyncio.TaskGroup() as calls:
        calls.create_task(silence_until_the_caller_speaks(rig))
        calls.create_task(assistant_opens(rig))
        calls.create_task(first_answer_is_protected(rig))


async def silence_until_the_caller_speaks(rig: Rig) -> None:
    desk = await rig.desk(scenario(PhantomSpeech(at_s=0.5), replies=((Say(SECOND),),)))
    async with rig.calling(desk) as call:
        await call.until(lambda: call.now > 2.5)
        assert len(desk.lane.sent("input_audio_buffer.committed")) == 1
        assert desk.lane.received("response.create") == []
        assert call.stream.record.messages == []
        call.say(speech("hello"))
        await hear_answer(call, SECOND)
    assert len(desk.lane.received("response.create")) == 1


async def assistant_opens(rig: Rig) -> None:
    desk = await rig.desk(scenario(replies=((Say(ANSWER),), (Say(SECOND),))), assistant_speaks_first=True)
    async with rig.calling(desk) as call:
        await call.until(lambda: call.heard_bytes)
        call.say(speech("one-moment-please"))
        await hear_answer(call, ANSWER, SECOND)
    assert clears(call) == []
    opening, answer = desk.lane.received("response.create")
    assert opening["response"]["metadata"]["kind"] == "opening"
    assert answer["response"]["metadata"]["kind"] == "answer"


async def first_answer_is_protected(rig: Rig) -> None:
    """`first_response`: the assistant's first utterance, whoever opened the call; after it, barge-in is on (G5)."""
    plan = scenario(replies=((Say(SHORT_GREETING),), (Say(ANSWER),)))
    desk: Desk = await rig.desk(plan, first_utterance_protection="first_response")
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.until(lambda: call.heard_bytes)
        call.say(speech("one-moment-please"))
        await call.until(lambda: call.heard_bytes > len(numbered.audio(SHORT_GREETING)) + 8000)
        assert clears(call) == []
        call.say(speech("one-moment-please"))
        await call.until(lambda: clears(call))
    assert heard(call).startswith(numbered.audio(SHORT_GREETING))
