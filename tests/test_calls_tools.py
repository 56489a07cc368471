"""Tools of the assistant in real calls: done once, told to the caller, whatever becomes of the line to OpenAI."""

from __future__ import annotations

import pytest

from calls.models import Task, ToolRun
from calls.sandbox.openai.scenario import DropConnection, Scenario
from calls.sandbox.receptionist.engine import CallTool, Part, Say
from calls.sandbox.telephone.placed_call import PlacedCall
from testing import numbered
from tests.call_hearing import heard
from tests.call_office import records_of
from tests.call_rig import Rig, eventually, scenario, speech

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.once]  # both databases: calls/tests/test_tool_runs

MESSAGE = CallTool("take_message", '{"about": "The order has not come", "name": "Noa"}')
TAKEN = "I have written it down."


def plan(*replies: tuple[Part, ...], faults: tuple[DropConnection, ...] = ()) -> Scenario:
    return scenario(*faults, replies=replies, transcripts=("Take a message, please.",) * 4)


def kept(call_sid: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Returns the messages that were taken in a call, and what its tools have done."""
    tasks = Task.objects.filter(call__twilio_call_sid=call_sid).values_list("about", flat=True)
    runs = ToolRun.objects.filter(call__twilio_call_sid=call_sid).values_list("tool", "code")
    return list(tasks), list(runs)


async def what_is_kept(rig: Rig, call: PlacedCall) -> tuple[list[str], list[tuple[str, str]]]:
    return await rig.office.ask(kept, call.flow.ids.call_sid)


async def test_a_message_is_taken_and_confirmed(rig: Rig) -> None:
    desk = await rig.desk(plan((MESSAGE,), (Say(TAKEN),)))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.until(lambda: heard(call).endswith(numbered.audio(TAKEN)))
    assert await what_is_kept(rig, call) == (["The order has not come"], [("take_message", "taken")])


async def test_what_the_model_asks_for_twice_is_done_once(rig: Rig) -> None:
    desk = await rig.desk(plan((MESSAGE,), (MESSAGE,), (Say(TAKEN),)))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.until(lambda: heard(call).endswith(numbered.audio(TAKEN)))
    assert await what_is_kept(rig, call) == (["The order has not come"], [("take_message", "taken")])


async def test_a_tool_that_the_business_has_not_is_told_and_the_call_goes_on(rig: Rig) -> None:
    desk = await rig.desk(plan((CallTool("order_pizza", "{}"),), (Say(TAKEN),)))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.until(lambda: heard(call).endswith(numbered.audio(TAKEN)))
    assert await what_is_kept(rig, call) == ([], [])


async def test_arguments_that_don_t_fit_are_told_and_nothing_is_done(rig: Rig) -> None:
    desk = await rig.desk(plan((CallTool("take_message", '{"about": 7}'),), (Say(TAKEN),)))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.until(lambda: heard(call).endswith(numbered.audio(TAKEN)))
    assert await what_is_kept(rig, call) == ([], [("take_message", "bad_arguments")])


async def test_a_caller_who_hangs_up_at_once_has_left_their_message(rig: Rig) -> None:
    desk = await rig.desk(plan((MESSAGE,), (Say(TAKEN),)))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        records = await rig.office.ask(records_of, call.flow.ids.call_sid)
        await eventually(lambda: "take_message begins" in rig.logged(records.call.pk))
    await rig.records(call)
    assert (await what_is_kept(rig, call))[0] == ["The order has not come"]


async def test_a_session_that_is_lost_after_the_message_knows_that_it_was_taken(rig: Rig) -> None:
    """The answer to it breaks off in the first session; the next one goes on and need not ask again."""
    lost = DropConnection(after_deltas=2, skip=1, times=1)
    desk = await rig.desk(plan((MESSAGE,), (Say(TAKEN),), (Say(TAKEN),), faults=(lost,)))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.until(lambda: heard(call).endswith(numbered.audio(TAKEN)))
    assert await what_is_kept(rig, call) == (["The order has not come"], [("take_message", "taken")])
