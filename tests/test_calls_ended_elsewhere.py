"""Twilio says that a call or its stream is over, and the stream itself says nothing: the call and its session end."""

from __future__ import annotations

import asyncio

import pytest

from calls.conversation.end_reasons import EndReason
from calls.sandbox.telephone.call_flow import STATUS_PATH
from calls.sandbox.telephone.placed_call import PlacedCall
from testing import numbered
from tests.call_hearing import heard
from tests.call_rig import FALLBACK, Rig, eventually, reaches_the_fallback, scenario

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.once]

GREETING = "Good morning, you have reached the clinic. We are glad that you call. How may we help you today?"


async def test_ends_that_twilio_reports(rig: Rig) -> None:
    async with asyncio.TaskGroup() as calls:
        calls.create_task(a_call_that_is_over(rig, "completed", "abandoned", EndReason.OVER_AT_TWILIO))
        calls.create_task(a_call_that_is_over(rig, "failed", "failed", EndReason.FAILED_AT_TWILIO))
        calls.create_task(a_stream_that_is_over(rig, "stream-stopped", "stopped"))
        calls.create_task(a_stream_that_is_over(rig, "stream-error", "error"))


async def a_call_that_is_over(rig: Rig, status: str, outcome: str, reason: EndReason) -> None:
    desk = await rig.desk(scenario(), greeting=GREETING)
    async with rig.calling(desk) as call:
        await call.until(lambda: call.heard_bytes > 4000)
        withhold(call)
        code, _ = await rig.twilio.post(STATUS_PATH, {"CallSid": call.flow.ids.call_sid, "CallStatus": status})
        assert code == 204
        await call.ended()
    records = await rig.records(call)
    assert (records.call.outcome, records.call.end_reason) == (outcome, reason)
    assert heard(call) == numbered.audio(GREETING)[: len(heard(call))]
    await eventually(lambda: all(each.close_code is not None for each in desk.lane.connections))


async def a_stream_that_is_over(rig: Rig, event: str, cause: str) -> None:
    desk = await rig.desk(scenario(), greeting=GREETING, fallback_number=FALLBACK)
    async with rig.calling(desk) as call:
        await call.until(lambda: call.heard_bytes > 4000)
        withhold(call)
        ids = {"CallSid": call.flow.ids.call_sid, "StreamSid": "MZ0"}
        await rig.twilio.post(STATUS_PATH, {**ids, "StreamEvent": event})  # of another stream
        ids["StreamSid"] = call.flow.ids.stream_sid
        await rig.twilio.post(STATUS_PATH, {**ids, "StreamEvent": event, "StreamError": "31921"})
        await reaches_the_fallback(rig, call, EndReason.STREAM_BROKE, cause)
    await eventually(lambda: all(each.close_code is not None for each in desk.lane.connections))


def withhold(call: PlacedCall) -> None:
    """Let nothing come over the stream any more."""
    call.stream.is_withheld = True
