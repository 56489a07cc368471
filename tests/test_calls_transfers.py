"""Callers who are put through: the person accepts by a key, or the caller is back with the assistant within 2 s."""

from __future__ import annotations

import asyncio

import pytest

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.conversation.end_reasons import EndReason
from calls.models import Call, Transfer, TransferTarget
from calls.sandbox.openai.scenario import FailResponse, Scenario
from calls.sandbox.receptionist.engine import CallTool, Say
from calls.sandbox.telephone.called_person import CalledPerson, Does
from calls.sandbox.telephone.placed_call import PlacedCall
from testing import numbered
from tests.call_hearing import heard
from tests.call_rig import Desk, Rig, eventually, scenario, speech

pytestmark = pytest.mark.asyncio(loop_scope="session")

GREETING = "Good morning, you have reached the clinic."
HANDOVER, NOBODY, ANSWER = "I am putting you through to Dana.", "Nobody was available, I am sorry.", "We open at eight."
FIRST, SECOND = "+12125559991", "+12125559992"
BACK_WITHIN_S = 2.0


def wish(to: str = "Dana") -> CallTool:
    return CallTool("transfer_call", f'{{"to": "{to}", "reason": "wants to move an appointment"}}')


def plan() -> Scenario:
    return scenario(replies=((Say(HANDOVER), wish()), (Say(NOBODY),), (Say(ANSWER),)))


async def desk_of(rig: Rig, told: Scenario | None = None) -> Desk:
    desk = await rig.desk(told or plan(), greeting=GREETING)
    await rig.office.ask(_staff, desk.business)
    return desk


def _staff(business: Business) -> None:
    with acting_for(business):
        TransferTarget.objects.create(business=business, name="Dana", numbers=[FIRST, SECOND])


def _transfers(call_sid: str) -> list[tuple[str, str, list[str]]]:
    rows = Transfer._base_manager.filter(call__twilio_call_sid=call_sid).order_by("stream_number")
    return [(row.name, row.state, row.results) for row in rows]


async def asks_for_dana(call: PlacedCall) -> None:
    await call.quiet(0.6, after_bytes=len(numbered.audio(GREETING)))
    call.say(speech("hello"))
    await eventually(lambda: call.record.dialled)


async def is_back(call: PlacedCall) -> float:
    """Waits until the caller hears the assistant again. Returns the seconds since the last number was done."""
    await eventually(lambda: len(call.flow.streams) > 1)
    await call.until(lambda: call.heard_bytes > 0)
    socket = call.flow.socket
    assert socket is not None
    assert socket.started_at is not None
    began = socket.started_at + call.stream.playback.stretches[0].start / 8000
    return began - call.record.dialled[-1].ended_at


async def test_the_person_hears_who_calls_and_takes_the_call(rig: Rig) -> None:
    desk = await desk_of(rig)
    async with rig.calling(desk, people=[CalledPerson(Does.ACCEPTS, rings_s=0.2, talks_s=1.0)]) as call:
        await asks_for_dana(call)
        await call.ended()
    (dialled,) = call.record.dialled
    assert (dialled.number, dialled.status, dialled.is_bridged) == (FIRST, "completed", True)
    assert dialled.attributes["answerOnBridge"] == "true"
    assert "wants to move an appointment" in " ".join(dialled.heard)
    records = await rig.records(call)
    assert (records.call.outcome, records.call.end_reason) == ("transferred", EndReason.ASSISTANT_TRANSFERRED)
    found = await rig.office.ask(_transfers, call.flow.ids.call_sid)
    assert found == [("Dana", "accepted", ["completed"])]


@pytest.mark.parametrize("does", [Does.VOICEMAIL, Does.NO_ANSWER, Does.BUSY, Does.REFUSES, Does.HANGS_UP])
async def test_who_does_not_take_the_call_gives_the_caller_back(rig: Rig, does: Does) -> None:
    desk = await desk_of(rig)
    async with rig.calling(desk, people=[CalledPerson(does, rings_s=0.2)]) as call:
        await asks_for_dana(call)
        waited_s = await is_back(call)
        await call.quiet(0.8, after_bytes=len(numbered.audio(NOBODY)))
        assert waited_s < BACK_WITHIN_S
        assert heard(call).endswith(numbered.audio(NOBODY))
        assert numbered.audio(GREETING) not in heard(call), "nobody is greeted twice"
        call.say(speech("hello"))
        await call.quiet(0.8, after_bytes=len(numbered.audio(NOBODY)) + len(numbered.audio(ANSWER)))
    assert [each.number for each in call.record.dialled] == [FIRST, SECOND]
    records = await rig.records(call)
    assert (records.call.outcome, records.call.end_reason) == ("completed", EndReason.CALLER_LEFT)
    assert [turn.heard_text for turn in records.turns if turn.speaker == "assistant"][-2:] == [NOBODY, ANSWER]
    ((name, state, results),) = await rig.office.ask(_transfers, call.flow.ids.call_sid)
    assert (name, state, len(results)) == ("Dana", "unreached", 2)


async def test_the_caller_hears_it_from_the_assistant_before_it_rings(rig: Rig) -> None:
    desk = await desk_of(rig)
    async with rig.calling(desk, people=[CalledPerson(Does.ACCEPTS, rings_s=0.2, talks_s=0.5)]) as call:
        await asks_for_dana(call)
        await call.ended()
    assert heard(call) == numbered.audio(GREETING) + numbered.audio(HANDOVER), "to the last byte"
    assert [verb.name for verb in call.record.verbs] == ["Connect", "Dial", "Hangup"], "and nobody says it again"


async def test_who_can_not_hear_it_from_the_assistant_hears_it_from_twilio(rig: Rig) -> None:
    wordless = scenario(FailResponse(skip=1), replies=((wish(),),))
    desk = await desk_of(rig, wordless)
    async with rig.calling(desk, people=[CalledPerson(Does.ACCEPTS, rings_s=0.2, talks_s=0.5)]) as call:
        await asks_for_dana(call)
        await call.ended()
    assert heard(call).startswith(numbered.audio(GREETING)), "and then a tone while it is tried again"
    assert [verb.name for verb in call.record.verbs] == ["Connect", "Say", "Dial", "Hangup"]
    assert [(each.number, each.is_bridged) for each in call.record.dialled] == [(FIRST, True)]


async def test_the_second_number_takes_the_call(rig: Rig) -> None:
    desk = await desk_of(rig)
    people = [CalledPerson(Does.BUSY), CalledPerson(Does.ACCEPTS, rings_s=0.2, talks_s=0.5)]
    async with rig.calling(desk, people=people) as call:
        await asks_for_dana(call)
        await call.ended()
    assert [each.is_bridged for each in call.record.dialled] == [False, True]
    assert len(call.flow.streams) == 1


async def test_a_caller_who_hangs_up_while_it_rings(rig: Rig) -> None:
    desk = await desk_of(rig)
    async with rig.calling(desk, people=[CalledPerson(Does.ACCEPTS, rings_s=20.0)]) as call:
        await call.quiet(0.6, after_bytes=len(numbered.audio(GREETING)))
        call.say(speech("hello"))
        await eventually(lambda: any(verb.name == "Dial" for verb in call.record.verbs))
        await asyncio.sleep(0.2)
        await call.hang_up()
    assert [each.status for each in call.record.dialled] == ["canceled"]
    found = await rig.office.ask(_transfers, call.flow.ids.call_sid)
    assert found == [("Dana", "left", ["canceled"])]
    until = await rig.office.ask(_dialling_until, call.flow.ids.call_sid)
    assert until is None, "its line is free again"


def _dialling_until(call_sid: str) -> object:
    return Call._base_manager.values_list("dialling_until", flat=True).get(twilio_call_sid=call_sid)


async def test_somebody_who_is_not_there_is_not_dialled_and_the_caller_is_told(rig: Rig) -> None:
    told = scenario(replies=((Say(HANDOVER), wish("Moshe")), (Say(ANSWER),)))
    desk = await desk_of(rig, told)
    async with rig.calling(desk) as call:
        await call.quiet(0.6, after_bytes=len(numbered.audio(GREETING)))
        call.say(speech("hello"))
        said = numbered.audio(GREETING) + numbered.audio(HANDOVER) + numbered.audio(ANSWER)
        await call.until(lambda: len(heard(call)) >= len(said))
    assert call.record.dialled == []
    answers = str(desk.lane.received("conversation.item.create"))
    assert "nobody of that name" in answers
