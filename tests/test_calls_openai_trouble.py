"""OpenAI refuses, hangs, drops, stalls or sends garbage: the caller is never left in silence (G12)."""

from __future__ import annotations

import asyncio

import pytest

from calls.conversation.commands import ConnectModel, EndCall
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import ModelLost, ModelReady, ResponseAudio
from calls.records.traces import Decided
from calls.sandbox.openai.scenario import (
    DropConnection,
    EndSession,
    Fault,
    Garbage,
    HangAtConnect,
    IgnoreSessionUpdate,
    Refuse,
    Scenario,
    SessionError,
    Stall,
    UnknownEvent,
)
from calls.sandbox.receptionist.engine import CallTool, Say
from calls.sandbox.telephone.placed_call import PlacedCall
from testing import numbered
from tests.call_hearing import SLACK_S, forwarded, heard, tones_heard, words_heard
from tests.call_office import Records
from tests.call_rig import ANSWER, FALLBACK, SECOND, Desk, Rig, scenario, speech

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.once]

GREETING = "Hello, this is the clinic."
HOURS = "Sunday to Thursday from 8 to 6, Friday until noon."
WITHIN_S = 2.0
APOLOGY_AND_FALLBACK = ["Connect", "Say", "Dial", "Hangup"]


def verbs(call: PlacedCall) -> list[str]:
    return [each.name for each in call.record.verbs]


def ended_after_s(records: Records) -> float:
    """Returns the seconds from the first sign of the failure to the handover."""
    ended_at = next(
        line.at for line in records.trace if isinstance(line, Decided) and isinstance(line.command, EndCall)
    )
    ready_at = max((line.at for line in records.trace if isinstance(line, ModelReady)), default=0.0)
    return ended_at - next(line.at for line in records.trace if isinstance(line, ModelLost) and line.at > ready_at)


async def reaches_the_fallback(rig: Rig, call: PlacedCall, cause: str) -> Records:
    """Check that the caller hears the apology and is put through in time, and that the record says why."""
    await call.ended()
    assert verbs(call)[:3] == APOLOGY_AND_FALLBACK[:3]
    assert call.record.verbs[2].text == FALLBACK
    records = await rig.records(call)
    assert ended_after_s(records) <= WITHIN_S + SLACK_S  # exactly: calls/tests/test_link.py
    assert records.call.outcome == "fallback"
    assert (records.call.end_reason, records.call.end_detail) == (EndReason.MODEL_UNAVAILABLE, {"cause": cause})
    assert records.call.fallback_result == "completed"
    return records


# At the door ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "cause"), [(401, "invalid_api_key"), (429, "rate_limit_exceeded"), (500, "server_error")]
)
async def test_a_refused_caller_reaches_the_fallback(rig: Rig, status: int, cause: str) -> None:
    with rig.exchange.at_the_door(Scenario(faults=(Refuse(status=status),))):
        desk = await rig.desk(fallback_number=FALLBACK)
        async with rig.calling(desk) as call:
            records = await reaches_the_fallback(rig, call, cause)
        attempts = sum(isinstance(each, Decided) and isinstance(each.command, ConnectModel) for each in records.trace)
        assert attempts == 1 if status == 401 else attempts > 3  # a wrong key stays wrong
        assert call.now <= WITHIN_S + SLACK_S


async def test_a_refusal_that_passes_is_not_noticed(rig: Rig) -> None:
    with rig.exchange.at_the_door(Scenario(faults=(Refuse(status=429, times=2),))):
        desk = await rig.desk(greeting=GREETING)
        async with rig.calling(desk) as call:
            call.say(speech("hello"))  # while no OpenAI session is listening
            await call.quiet(0.8, after_bytes=len(numbered.audio(GREETING + ANSWER)))
    assert heard(call) == numbered.audio(GREETING) + numbered.audio(ANSWER)
    assert bytes(call.stream.caller.track).startswith(forwarded(desk.lane.connections[0]))


async def test_a_hanging_handshake_ends_at_the_fallback(rig: Rig) -> None:
    with rig.exchange.at_the_door(Scenario(faults=(HangAtConnect(),))):
        desk = await rig.desk(fallback_number=FALLBACK)
        async with rig.calling(desk) as call:
            await reaches_the_fallback(rig, call, "timeout")
    assert call.now <= 4.0 + WITHIN_S + SLACK_S


async def test_a_session_is_renewed_before_it_expires(rig: Rig) -> None:
    """Sessions live for 60 minutes, and OpenAI does not warn; here for four seconds."""
    brief = scenario(replies=((Say(SECOND),),), session_lifetime_s=4.0)
    with rig.exchange.at_the_door(brief):
        desk = await rig.desk(brief, greeting=GREETING)
        async with rig.calling(desk) as call:
            await call.until(lambda: len(desk.lane.connections) == 2)
            call.say(speech("hello"))
            await call.until(lambda: heard(call) == numbered.audio(GREETING) + numbered.audio(SECOND))
    records = await rig.records(call)
    assert not [line for line in records.trace if isinstance(line, ModelLost)]  # OpenAI had no time to end it
    assert desk.lane.errors() == []


# Once the session runs ------------------------------------------------------------------------------------
async def test_trouble_in_a_session(rig: Rig) -> None:
    async with asyncio.TaskGroup() as calls:
        calls.create_task(session_that_is_never_ready(rig))
        calls.create_task(quota_used_up(rig))
        calls.create_task(dropped_in_the_middle_of_a_sentence(rig))
        calls.create_task(dropped_before_the_turn_was_transcribed(rig))
        calls.create_task(session_limit_in_silence(rig))
        calls.create_task(session_limit_in_the_middle_of_an_answer(rig))
        calls.create_task(stalled_answer(rig))
        calls.create_task(stalled_in_the_middle_of_an_answer(rig))
        for nonsense in (Garbage(after_deltas=3), UnknownEvent(after_deltas=3)):
            calls.create_task(nonsense_in_an_answer(rig, nonsense))
        calls.create_task(assistant_ends_the_call(rig))
        calls.create_task(assistant_hands_the_call_over(rig))


async def session_that_is_never_ready(rig: Rig) -> None:
    desk = await rig.desk(scenario(IgnoreSessionUpdate()), fallback_number=FALLBACK)
    async with rig.calling(desk) as call:
        await reaches_the_fallback(rig, call, "timeout")


async def quota_used_up(rig: Rig) -> None:
    """The greeting is still heard to its end; then the call is handed over."""
    desk = await rig.desk(scenario(SessionError()), greeting=GREETING, fallback_number=FALLBACK)
    async with rig.calling(desk) as call:
        await call.ended()
    assert heard(call) == numbered.audio(GREETING)
    assert verbs(call)[:3] == APOLOGY_AND_FALLBACK[:3]
    assert len(desk.lane.connections) == 1
    assert (await rig.records(call)).call.end_detail == {"cause": "insufficient_quota"}


async def dropped_in_the_middle_of_a_sentence(rig: Rig) -> None:
    plan = scenario(DropConnection(times=1, after_deltas=12), transcripts=("When are you open?",))
    desk = await rig.desk(plan, greeting=GREETING, first_utterance_protection="opening_only")
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        call.say(speech("hello"))
        await call.until(lambda: heard(call).endswith(numbered.audio(SECOND)))
    # What had come of the sentence is heard, and the rest is asked for, not the beginning again. On a slow machine a
    # tone comes between.
    assert words_heard(call) == numbered.audio(GREETING) + numbered.audio(ANSWER)[: 12 * 800] + numbered.audio(SECOND)
    again = desk.lane.connections[1].received
    assert [each.event["type"] for each in again][:4] == [
        "session.update",
        "conversation.item.create",
        "conversation.item.create",
        "conversation.item.create",
    ]
    said = [(each.event["item"]["role"], each.event["item"]["content"][0]["text"]) for each in again[1:4]]
    assert said[:2] == [("assistant", GREETING), ("user", "When are you open?")]
    assert said[2][0] == "assistant"
    assert ANSWER.startswith(said[2][1])
    assert said[2][1]
    assert again[4].event["response"]["metadata"]["kind"] == "continuation"
    # The caller's words are known as text: the new session hears nothing of them again.
    records = await rig.records(call)
    assert reconnected_after_s(records) <= WITHIN_S + SLACK_S
    assert len(forwarded(desk.lane.connections[1])) < 8000 * (call.now - lost_at(records)) + 8000
    assert [turn.speaker for turn in records.turns] == ["assistant", "caller", "assistant", "assistant"]


def lost_at(records: Records) -> float:
    return next(line.at for line in records.trace if isinstance(line, ModelLost))


async def dropped_before_the_turn_was_transcribed(rig: Rig) -> None:
    """The new session hears the caller's words again, and answers them once."""
    plan = scenario(DropConnection(times=1), replies=((Say(ANSWER),), (Say(SECOND),)), transcript_delay_s=3.0)
    desk = await rig.desk(plan)
    async with rig.calling(desk) as call:
        call.say(speech("nobody-is-available"))
        await call.quiet(1.5)
    assert heard(call) == numbered.audio(SECOND)
    replayed = forwarded(desk.lane.connections[1])
    assert bytes(call.stream.caller.track).startswith(replayed)
    assert [turn.speaker for turn in (await rig.records(call)).turns] == ["caller", "assistant"]


async def session_limit_in_silence(rig: Rig) -> None:
    desk = await rig.desk(scenario(EndSession(after_s=2.0, times=1), replies=((Say(SECOND),),)), greeting=GREETING)
    async with rig.calling(desk) as call:
        await call.until(lambda: len(desk.lane.connections) == 2)
        call.say(speech("hello"))
        await call.until(lambda: heard(call) == numbered.audio(GREETING) + numbered.audio(SECOND))
    (told,) = [each for each in desk.lane.connections[1].received if each.event["type"] == "conversation.item.create"]
    assert told.event["item"]["content"] == [{"type": "output_text", "text": GREETING}]
    records = await rig.records(call)
    assert [line.reason for line in records.trace if isinstance(line, ModelLost)] == ["closed_1001"]
    assert reconnected_after_s(records) <= WITHIN_S + SLACK_S
    assert records.call.outcome == "completed"


def reconnected_after_s(records: Records) -> float:
    lost = lost_at(records)
    return next(line.at for line in records.trace if isinstance(line, ModelReady) and line.at > lost) - lost


async def session_limit_in_the_middle_of_an_answer(rig: Rig) -> None:
    desk = await rig.desk(scenario(EndSession(after_s=3.0, times=1), speed=1.2))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.until(lambda: heard(call).endswith(numbered.audio(SECOND)))
    answer = heard(call).removesuffix(numbered.audio(SECOND))
    assert numbered.audio(ANSWER).startswith(answer)
    assert 4000 < len(answer) < len(numbered.audio(ANSWER))
    assert reconnected_after_s(await rig.records(call)) <= WITHIN_S + SLACK_S


async def stalled_answer(rig: Rig) -> None:
    desk = await rig.desk(scenario(Stall(times=1), replies=((Say(SECOND),),)))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.until(lambda: words_heard(call) == numbered.audio(SECOND))
    assert tones_heard(call) >= 2, "the model was silent for six seconds"
    records = await rig.records(call)
    lost = next(line for line in records.trace if isinstance(line, ModelReady) and line.at > 3)
    audio_at = next(line.at for line in records.trace if isinstance(line, ResponseAudio))
    assert audio_at - lost.at < WITHIN_S + SLACK_S
    assert "stalled" in rig.logged(records.call.pk)


async def stalled_in_the_middle_of_an_answer(rig: Rig) -> None:
    """The stand-in's own rules answer: the rest of it is heard, and no word of it twice."""
    asked = "When are you open?"
    plan = scenario(Stall(times=1, after_deltas=12), replies=(), transcripts=(asked,))
    desk = await rig.desk(plan, greeting=GREETING, instructions=f"Opening hours: {HOURS}")
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        call.say(speech("hello"))
        await call.until(lambda: len(desk.lane.connections) == 2)
        await call.until(lambda: desk.lane.sent("response.done"))
        await call.quiet(0.5)
    whole = f"Our opening hours are: {HOURS}"
    items = [each.event["item"] for each in desk.lane.connections[1].received if "item" in each.event]
    (said,) = [item["content"][0]["text"] for item in items if item["role"] == "assistant"][1:]
    assert whole.startswith(f"{said} ")
    rest = whole.removeprefix(f"{said} ")
    begun = numbered.audio(whole)[: 12 * 800]
    assert words_heard(call) == numbered.audio(GREETING) + begun + numbered.audio(rest)


async def nonsense_in_an_answer(rig: Rig, nonsense: Fault) -> None:
    desk = await rig.desk(scenario(nonsense))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.quiet(0.8, after_bytes=len(numbered.audio(ANSWER)))
    assert heard(call) == numbered.audio(ANSWER)
    assert len(desk.lane.connections) == 1


# Ways to leave ----------------------------------------------------------------------------------------------
async def assistant_ends_the_call(rig: Rig) -> None:
    desk = await rig.desk(scenario(replies=((Say(SECOND), CallTool("end_call")),)))
    call = await call_that_the_assistant_leaves(rig, desk)
    assert verbs(call) == ["Connect", "Hangup"]
    assert (await rig.records(call)).call.outcome == "completed"


async def assistant_hands_the_call_over(rig: Rig) -> None:
    plan = scenario(replies=((Say(SECOND), CallTool("transfer_call")),))
    desk = await rig.desk(plan, fallback_number=FALLBACK)
    call = await call_that_the_assistant_leaves(rig, desk)
    assert verbs(call)[:2] == ["Connect", "Dial"]
    assert call.record.verbs[1].text == FALLBACK
    assert (await rig.records(call)).call.outcome == "transferred"


async def call_that_the_assistant_leaves(rig: Rig, desk: Desk) -> PlacedCall:
    """Its last words are heard completely before the call ends."""
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.ended()
    assert heard(call) == numbered.audio(SECOND)
    assert call.record.hung_up_by == "server"
    return call


async def test_a_line_that_stays_down_is_given_up_after_what_was_heard(rig: Rig) -> None:
    desk = await rig.desk(scenario(DropConnection(times=1, after_deltas=5)), fallback_number=FALLBACK)
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.until(lambda: desk.lane.sent("response.output_audio.delta"))
        with rig.exchange.at_the_door(Scenario(faults=(Refuse(status=500),))):
            await reaches_the_fallback(rig, call, "server_error")
    assert heard(call) == numbered.audio(ANSWER)[: 5 * 800]
