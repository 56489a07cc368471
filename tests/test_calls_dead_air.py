"""What leaves other callers in silence, over real sockets: each ends in an answer or at the fallback (G12).

The rules themselves are tested in `calls/tests/test_dead_air.py`.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from calls.conversation.end_reasons import EndReason
from calls.sandbox.openai.scenario import DropConnection, FailResponse, RejectResponse
from calls.sandbox.openai.silent_faults import EndWhenReady, LateCancel, WithoutAudio
from testing import numbered
from tests.call_hearing import tones_heard, words_heard
from tests.call_rig import ANSWER, FALLBACK, SECOND, Rig, reaches_the_fallback, scenario, speech

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.once]

GREETING = "Hello, this is the clinic."
LIMIT = "Rate limit reached for gpt-realtime. Please try again in 1.2s."


async def test_answers_that_are_given_up(rig: Rig) -> None:
    async with asyncio.TaskGroup() as calls:
        calls.create_task(a_rate_limit_that_passes(rig))
        calls.create_task(a_rate_limit_that_stays(rig))
        calls.create_task(text_in_place_of_audio(rig))
        calls.create_task(a_cancel_that_is_honoured_late(rig))


async def a_rate_limit_that_passes(rig: Rig) -> None:
    plan = scenario(RejectResponse(code="rate_limit_exceeded", message=LIMIT, times=3))
    desk = await rig.desk(plan, greeting=GREETING)
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        call.say(speech("hello"))
        await call.until(lambda: words_heard(call) == numbered.audio(GREETING) + numbered.audio(ANSWER))
    asked = [each.at for each in desk.lane.messages("response.create")]
    assert all(late - early >= 1.2 for early, late in pairwise(asked))
    assert tones_heard(call) >= 1
    assert (await rig.records(call)).call.outcome == "completed"


async def a_rate_limit_that_stays(rig: Rig) -> None:
    plan = scenario(FailResponse(code="rate_limit_exceeded", message=LIMIT))
    desk = await rig.desk(plan, greeting=GREETING, fallback_number=FALLBACK)
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        call.say(speech("hello"))
        await reaches_the_fallback(rig, call, EndReason.NO_ANSWER, "rate_limit_exceeded")
    assert tones_heard(call) >= 2
    assert len(desk.lane.messages("response.create")) >= 4


async def text_in_place_of_audio(rig: Rig) -> None:
    desk = await rig.desk(scenario(WithoutAudio(text="Nine.")), greeting=GREETING, fallback_number=FALLBACK)
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        call.say(speech("hello"))
        await reaches_the_fallback(rig, call, EndReason.NO_ANSWER, "completed_without_audio")


async def a_cancel_that_is_honoured_late(rig: Rig) -> None:
    plan = scenario(LateCancel(seconds=6.0, times=1), speed=1.2)
    desk = await rig.desk(plan, greeting=GREETING, first_utterance_protection="opening_only")
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        call.say(speech("hello"))
        await call.until(lambda: len(words_heard(call)) > len(numbered.audio(GREETING)) + 6000)
        call.say(speech("nobody-is-available"))
        await call.until(lambda: words_heard(call).endswith(numbered.audio(SECOND)), 30.0)
    assert tones_heard(call) >= 1
    assert len(desk.lane.messages("response.cancel")) == 1
    assert len(desk.lane.connections) == 1


async def test_lines_that_die_as_soon_as_they_are_ready(rig: Rig) -> None:
    async with asyncio.TaskGroup() as calls:
        for fault in (EndWhenReady(close_code=1008), EndWhenReady(after_s=0.4), DropConnection()):
            calls.create_task(a_line_that_dies_young(rig, fault))


async def a_line_that_dies_young(rig: Rig, fault: EndWhenReady | DropConnection) -> None:
    desk = await rig.desk(scenario(fault), greeting=GREETING, fallback_number=FALLBACK)
    async with rig.calling(desk) as call:
        if isinstance(fault, DropConnection):
            await call.quiet(0.5)
            call.say(speech("hello"))
        cause = "closed" if isinstance(fault, DropConnection) else f"closed_{fault.close_code}"
        await reaches_the_fallback(rig, call, EndReason.MODEL_UNAVAILABLE, cause)
    assert 3 <= len(desk.lane.connections) <= 7
