"""Interrupting the assistant in real calls: at once, exactly, also when its generation ended long ago (G5–G8, G10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from calls.audio import ulaw
from calls.conversation.commands import ClearPlayback, Play
from calls.sandbox.openai.scenario import (
    DuplicateCommit,
    Fault,
    ForeignResponse,
    LateDeltas,
    NoMetadata,
    OldEventNames,
    Scenario,
    SplitAudio,
)
from calls.sandbox.telephone.caller_track import FRAME_BYTES, Echo
from calls.sandbox.telephone.media_stream import LineConditions
from calls.sandbox.telephone.placed_call import PlacedCall
from testing import numbered
from tests.call_hearing import (
    SLACK_S,
    clear_travelled_s,
    clears,
    decided_at,
    heard,
    played_until,
    seam,
    telephone_late_s,
    voiced_frame_sent_at,
    voiced_frames_before_clear,
)
from tests.call_rig import ANSWER, SECOND, Desk, Rig, scenario, speech

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.once]  # independent of the kind of database

INTERRUPTION = speech("one-moment-please")
WHOLE = numbered.audio(ANSWER)
FRAMES = 6


@asynccontextmanager
async def answered(
    rig: Rig, plan: Scenario, *, after_bytes: int = 8000, line: LineConditions | None = None, **settings: Any
) -> AsyncIterator[tuple[PlacedCall, Desk]]:
    """A call in which the caller has asked a question and has heard so much of the answer."""
    desk = await rig.desk(plan, **{"first_utterance_protection": "opening_only", **settings})
    async with rig.calling(desk, line) as call:
        call.say(speech("hello"))
        await call.until(lambda: call.heard_bytes > after_bytes)
        yield call, desk


def grunt(frames: int = 5) -> bytes:
    """Returns a piece of a vowel, too soft for OpenAI's ears (rms 400) and loud enough for ours (200).

    A tenth of a second of it (5 frames) lets the assistant pause and is too short to interrupt it.
    """
    vowel = ulaw.decode(speech("hello")[14 * FRAME_BYTES : (14 + frames) * FRAME_BYTES]).astype(np.float64)
    loudest = max(np.sqrt((frame**2).mean()) for frame in np.split(vowel, frames))
    return ulaw.encode((vowel * 400 / loudest).astype(np.int16))


async def interrupt(call: PlacedCall) -> float:
    """Speak over the answer and wait for the next one. Returns when the caller began to speak."""
    span = call.say(INTERRUPTION)
    await call.until(lambda: heard(call).endswith(numbered.audio(SECOND)))
    return span.start


async def check_interruption(rig: Rig, call: PlacedCall, desk: Desk, spoken_at: float) -> None:
    """The pause came in time, the caller heard nothing more, and OpenAI was told how much."""
    records = await rig.records(call)
    assert 1 <= voiced_frames_before_clear(records.trace) <= FRAMES
    (cleared_at,) = clears(call)
    assert cleared_at - voiced_frame_sent_at(call.stream, spoken_at, FRAMES) <= 0.02 + SLACK_S
    left_off_at = played_until(call, heard_of_answer(call))
    assert left_off_at <= cleared_at + 0.02
    assert left_off_at - voiced_frame_sent_at(call.stream, spoken_at, 1) <= 0.3 + SLACK_S
    cancelled = [each["response_id"] for each in desk.lane.received("response.cancel")]
    assert len(cancelled) == len(set(cancelled))
    heard_ms = whole_items_ms(desk) + sum(truncated_ms(desk))
    late_ms = 1000 * (clear_travelled_s(call, records.trace) + telephone_late_s(call.stream, until_s=cleared_at))
    assert abs(heard_ms - heard_of_answer(call) / 8) <= 40 + late_ms
    assert desk.lane.errors() == []  # no item was truncated beyond its end


def whole_items_ms(desk: Desk) -> float:
    """Returns how much of the answer is in items that were heard completely, which are not truncated."""
    items = len({each["item_id"] for each in desk.lane.sent("response.output_audio.done")[:-1]}) or 1
    return len(WHOLE) / 8 / items * (items - len(truncated_ms(desk)) - len(deleted(desk)))


def heard_of_answer(call: PlacedCall) -> int:
    """Returns how many bytes of the first answer the caller heard before the second one."""
    rest = heard(call).partition(numbered.audio(SECOND))[0]
    assert WHOLE.startswith(rest)
    return len(rest)


def deleted(desk: Desk) -> list[str]:
    """Returns the items of which nothing was heard, which the model is told to forget."""
    return [each["item_id"] for each in desk.lane.received("conversation.item.delete")]


def truncated_ms(desk: Desk) -> list[int]:
    return [each["audio_end_ms"] for each in desk.lane.received("conversation.item.truncate")]


# G5–G8 --------------------------------------------------------------------------------------------------
async def test_the_assistant_stops_at_once_and_is_answered(rig: Rig) -> None:
    faults: tuple[Fault, ...] = (NoMetadata(), OldEventNames(), DuplicateCommit())
    async with asyncio.TaskGroup() as calls:
        calls.create_task(while_it_is_generated(rig, scenario(speed=1.5)))
        calls.create_task(while_it_is_generated(rig, scenario(LateDeltas(deltas=8), speed=1.5)))
        calls.create_task(long_after_it_was_generated(rig))
        calls.create_task(several_items_in_the_queue(rig))
        for fault in faults:
            calls.create_task(with_strange_events(rig, fault))
        calls.create_task(response_that_nobody_asked_for(rig))


async def while_it_is_generated(rig: Rig, plan: Scenario) -> None:
    async with answered(rig, plan) as (call, desk):
        spoken_at = await interrupt(call)
    await check_interruption(rig, call, desk, spoken_at)
    # One cancel, of the first response, and no delta that came after it was played.
    (cancel,) = desk.lane.received("response.cancel")
    assert cancel["response_id"] == desk.lane.sent("response.created")[0]["response"]["id"]
    assert heard(call) == WHOLE[: heard_of_answer(call)] + numbered.audio(SECOND)
    assert desk.lane.sent("response.done")[0]["response"]["status"] == "cancelled"


async def long_after_it_was_generated(rig: Rig) -> None:
    async with answered(rig, scenario(speed=40.0), after_bytes=2 * 8000) as (call, desk):
        assert desk.lane.sent("response.done")[0]["response"]["status"] == "completed"
        spoken_at = await interrupt(call)
    await check_interruption(rig, call, desk, spoken_at)
    assert desk.lane.received("response.cancel") == []
    assert len(truncated_ms(desk)) == 1
    records = await rig.records(call)
    answer = records.turns[1]
    assert answer.text == ANSWER
    assert ANSWER.startswith(answer.heard_text)
    assert 0.3 < len(answer.heard_text) / len(ANSWER) < 0.9
    assert answer.interrupted_ms == answer.ended_ms
    assert [turn.speaker for turn in records.turns] == ["caller", "assistant", "caller", "assistant"]


async def several_items_in_the_queue(rig: Rig) -> None:
    async with answered(rig, scenario(SplitAudio(items=3, times=1), speed=40.0), after_bytes=14_000) as (call, desk):
        spoken_at = await interrupt(call)
    await check_interruption(rig, call, desk, spoken_at)
    items = [each["item"]["id"] for each in desk.lane.sent("response.output_item.added")][:3]
    truncated = [each["item_id"] for each in desk.lane.received("conversation.item.truncate")]
    # The first was heard to its end; the second in part; of the third nothing.
    corrected = truncated + deleted(desk)
    assert corrected == items[-len(corrected) :]
    assert deleted(desk)[-1] == items[-1]
    assert 0 not in truncated_ms(desk)
    assert len(corrected) in {2, 3}


async def with_strange_events(rig: Rig, fault: Fault) -> None:
    async with answered(rig, scenario(fault, speed=2.0)) as (call, desk):
        spoken_at = await interrupt(call)
    await check_interruption(rig, call, desk, spoken_at)
    assert len(desk.lane.received("response.create")) == 2, fault
    assert len(desk.lane.received("response.cancel")) == 1, fault


async def response_that_nobody_asked_for(rig: Rig) -> None:
    """It begins before the caller has spoken, is cancelled, and not a byte of it is heard."""
    desk = await rig.desk(scenario(ForeignResponse(at_s=0.4)), first_utterance_protection="opening_only")
    async with rig.calling(desk) as call:
        await call.until(lambda: call.now > 1.5)
        assert call.stream.record.messages == []
        call.say(speech("hello"))
        await call.quiet(0.8)
    assert heard(call) == WHOLE
    (cancel,) = desk.lane.received("response.cancel")
    assert cancel["response_id"] == desk.lane.sent("response.created")[0]["response"]["id"]


# G10, and settings ----------------------------------------------------------------------------------------
async def test_what_is_no_interruption_does_not_end_the_answer(rig: Rig) -> None:
    async with asyncio.TaskGroup() as calls:
        calls.create_task(grunt_pauses_and_the_answer_goes_on_where_it_stopped(rig))
        calls.create_task(grunt_ends_the_answer_where_the_business_wants_that(rig))
        calls.create_task(click_is_not_noticed(rig))
        calls.create_task(echo_is_not_the_caller(rig))
        calls.create_task(business_without_barge_in(rig))
        calls.create_task(grace_at_the_beginning(rig))


async def grunt_pauses_and_the_answer_goes_on_where_it_stopped(rig: Rig) -> None:
    """To the very sample, in one call of three: on a busy machine a message may be late by more than a frame."""
    lost = [await samples_lost_by_a_grunt(rig)]
    while lost[-1] and len(lost) < 3:
        lost.append(await samples_lost_by_a_grunt(rig))
    assert 0 in lost, f"samples lost (or doubled: below 0): {lost}"


async def samples_lost_by_a_grunt(rig: Rig) -> int:
    async with answered(rig, scenario()) as (call, desk):
        call.say(grunt())
        await call.quiet(0.8, after_bytes=len(WHOLE) - 1600)
    records = await rig.records(call)
    left, went_on = seam(heard(call), WHOLE)
    late_s = clear_travelled_s(call, records.trace) + telephone_late_s(call.stream, until_s=clears(call)[0])
    assert abs(left - went_on) / 8 <= 20 + late_s * 1000, "a frame, on a machine that is busy"
    assert 2 <= voiced_frames_before_clear(records.trace) <= 5
    assert len(clears(call)) == 1
    before, after = call.stream.playback.stretches[-2:]
    assert 0.3 < (after.start - before.end) / 8000 < 0.6 + SLACK_S
    assert desk.lane.received("response.cancel") == desk.lane.received("conversation.item.truncate") == []
    assert records.turns[-1].heard_text == ANSWER
    assert records.turns[-1].interrupted_ms is None
    assert "resume" in rig.logged(records.call.pk)
    return went_on - left


async def grunt_ends_the_answer_where_the_business_wants_that(rig: Rig) -> None:
    async with answered(rig, scenario(), resume_after_false_barge_in=False) as (call, desk):
        call.say(grunt(9))
        await call.until(lambda: truncated_ms(desk))
        await call.quiet(0.8)
    assert heard_of_answer(call) == len(heard(call)) < len(WHOLE)


async def click_is_not_noticed(rig: Rig) -> None:
    async with answered(rig, scenario()) as (call, _desk):
        loud = INTERRUPTION[4 * FRAME_BYTES : 40 * FRAME_BYTES]
        loudest = max(range(0, len(loud), FRAME_BYTES), key=lambda at: ulaw.rms(loud[at : at + FRAME_BYTES]))
        for _ in range(3):
            call.say(loud[loudest : loudest + FRAME_BYTES] * 2 + ulaw.SILENCE * 20 * FRAME_BYTES)
        await call.quiet(0.8, after_bytes=len(WHOLE))
    assert heard(call) == WHOLE
    assert clears(call) == []


async def echo_is_not_the_caller(rig: Rig) -> None:
    # The assistant's voice comes back with an rms of 150: over what counts as a quiet caller, under the echo gate.
    async with answered(rig, scenario(), line=LineConditions(echo=Echo(loss_db=22.5))) as (call, _desk):
        await call.quiet(0.8, after_bytes=len(WHOLE))
    assert heard(call) == WHOLE
    assert clears(call) == []


async def business_without_barge_in(rig: Rig) -> None:
    async with answered(rig, scenario(), barge_in_enabled=False) as (call, _desk):
        call.say(INTERRUPTION)
        await call.quiet(0.8, after_bytes=len(WHOLE + numbered.audio(SECOND)))
    assert heard(call) == WHOLE + numbered.audio(SECOND)
    assert clears(call) == []
    assert "ignored: the business has switched it off" in rig.logged((await rig.records(call)).call.pk)


async def grace_at_the_beginning(rig: Rig) -> None:
    async with answered(rig, scenario(), after_bytes=800, barge_in_grace_ms=1000) as (call, _desk):
        call.say(INTERRUPTION)
        await call.until(lambda: clears(call))
    records = await rig.records(call)
    assert decided_at(records.trace, ClearPlayback) - decided_at(records.trace, Play) >= 1.0
    assert "ignored: within the grace time" in rig.logged(records.call.pk)


async def test_a_business_chooses_how_much_voice_interrupts(rig: Rig) -> None:
    async with asyncio.TaskGroup() as calls:
        for frames in (2, 12):
            calls.create_task(interrupted_by(rig, frames))


async def interrupted_by(rig: Rig, frames: int) -> None:
    """Without tentative pauses (a setting), the assistant stops only for a certain interruption."""
    async with answered(rig, scenario(), barge_in_voice_frames=frames, resume_after_false_barge_in=False) as (
        call,
        _desk,
    ):
        call.say(INTERRUPTION)
        await call.until(lambda: clears(call))
    assert frames <= voiced_frames_before_clear((await rig.records(call)).trace) <= frames + 3
