"""Callers leave a message after the beep: real webhooks, Twilio's recordings, a worker, and the business's tasks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from businesses.models import Business
from businesses.tenancy import acting_for
from calls import tasks
from calls.models import Call, Task, TransferTarget, Voicemail, VoicemailChoices
from calls.records import voicemail_sound
from calls.sandbox.openai.scenario import Refuse
from calls.sandbox.receptionist.engine import CallTool, Say
from calls.sandbox.telephone.after_the_beep import AfterTheBeep
from calls.sandbox.telephone.called_person import CalledPerson, Does
from calls.sandbox.telephone.placed_call import PlacedCall
from testing import numbered
from tests.call_rig import ACCOUNT_SID, AUTH_TOKEN, Desk, Rig, eventually, scenario, speech

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.once]

GREETING = "Hello, this is the clinic."


@pytest.fixture(autouse=True)
def _a_worker(rig: Rig, settings: Any) -> None:
    """This process works as a worker does, beside one that the web process may have."""
    settings.TWILIO_API_URL = rig.exchange.url.removesuffix("/v1")
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, AUTH_TOKEN
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = rig.exchange.url, "not-a-key"
    settings.MEDIA_ROOT = rig.daphne.environment["MEDIA_ROOT"]


async def desk_of(rig: Rig, **choices: Any) -> Desk:
    told = scenario(replies=((Say("One moment."), CallTool("transfer_call", '{"to": "Dana", "reason": ""}')),))
    desk = await rig.desk(told, greeting=GREETING)
    await rig.office.ask(_wants, desk.business, choices)
    return desk


def _wants(business: Business, choices: dict[str, Any]) -> None:
    with acting_for(business):
        VoicemailChoices.objects.create(business=business, is_on=True, **choices)
        TransferTarget.objects.create(business=business, name="Dana", numbers=["+12125559991"])


@asynccontextmanager
async def calling(rig: Rig, desk: Desk, plan: AfterTheBeep, **more: Any) -> AsyncIterator[PlacedCall]:
    async with rig.twilio.call(to=desk.number, after_beep=plan, tray=rig.exchange.shelf, **more) as call:
        yield call
        await call.ended()


def _kept(call_sid: str) -> tuple[list[tuple[str, str]], list[str], bytes | None]:
    """Returns what is kept of a call: state and words of its messages, the tasks, and the sound of the first one."""
    call = Call._base_manager.get(twilio_call_sid=call_sid)
    rows = list(Voicemail._base_manager.filter(call=call).order_by("offered_at"))
    made = list(Task._base_manager.filter(call=call).values_list("about", flat=True))
    sound = voicemail_sound.read(rows[0].business_id, rows[0].pk) if rows else None
    return [(row.state, row.transcript) for row in rows], made, sound


async def kept(rig: Rig, call: PlacedCall, *, until: str) -> tuple[list[str], bytes | None]:
    """Works until every message of a call is in this state and told of. Returns the tasks, and the sound."""
    async with asyncio.timeout(30):
        while True:
            await rig.office.ask(tasks.fetch_voicemails)
            rows, made, sound = await rig.office.ask(_kept, call.flow.ids.call_sid)
            if rows and all(state == until and (words or until != "kept") for state, words in rows):
                assert len(rows) == 1
                return made, sound
            await asyncio.sleep(0.1)


async def test_openai_is_away_and_the_caller_leaves_a_message(rig: Rig) -> None:
    """Both webhooks tell of it, twice, and Twilio has the sound only at the third question."""
    desk = await desk_of(rig, longest_s=60)
    message = speech("hello") * 3
    with rig.exchange.at_the_door(scenario(Refuse(status=401))):
        async with calling(rig, desk, AfterTheBeep(message, times=2)) as call:
            await eventually(lambda: call.record.messages)
    assert call.record.errors == []
    assert [verb.name for verb in call.record.verbs] == ["Connect", "Say", "Record", "Say", "Hangup"]
    (recorded,) = call.record.messages
    made, sound = await kept(rig, call, until="kept")
    assert made == [rig.exchange.words]
    assert sound is not None
    assert len(sound) == len(message)
    await eventually(lambda: rig.exchange.shelf.deleted.count(recorded.recording_sid) == 1)


async def test_nobody_takes_a_transfer_and_the_business_wants_the_beep(rig: Rig) -> None:
    desk = await desk_of(rig, after_transfers=True)
    plan, people = AfterTheBeep(speech("hello") * 3, hangs_up=True), [CalledPerson(Does.VOICEMAIL, rings_s=0.2)]
    async with calling(rig, desk, plan, people=people) as call:
        await call.connected()
        await call.quiet(0.6, after_bytes=len(numbered.audio(GREETING)))
        call.say(speech("hello"))
        await eventually(lambda: call.record.messages)
    assert [verb.name for verb in call.record.verbs] == ["Connect", "Dial", "Say", "Record"]
    made, _sound = await kept(rig, call, until="kept")
    assert made == [rig.exchange.words]


async def test_a_message_that_twilio_never_tells_of_is_found(rig: Rig) -> None:
    desk = await desk_of(rig)
    with rig.exchange.at_the_door(scenario(Refuse(status=401))):
        async with calling(rig, desk, AfterTheBeep(speech("hello") * 3, hangs_up=True, tells=False)) as call:
            await eventually(lambda: call.record.messages)
    await rig.office.ask(_as_if_later, call.flow.ids.call_sid)
    made, _sound = await kept(rig, call, until="kept")
    assert made == [rig.exchange.words]


async def test_who_says_nothing_hears_that_nothing_was_recorded(rig: Rig) -> None:
    desk = await desk_of(rig)
    with rig.exchange.at_the_door(scenario(Refuse(status=401))):
        async with calling(rig, desk, AfterTheBeep()) as call:
            await eventually(lambda: call.is_over)
    assert [verb.name for verb in call.record.verbs] == ["Connect", "Say", "Record", "Say", "Hangup"]
    assert "No message was recorded" in call.record.verbs[3].text
    made, _sound = await kept(rig, call, until="none")
    assert made == []


def _as_if_later(call_sid: str) -> None:
    """Let the time pass in which Twilio would have told of it."""
    Voicemail._base_manager.filter(call__twilio_call_sid=call_sid).update(due_at=timezone.now() - timedelta(seconds=1))
