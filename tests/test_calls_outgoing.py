"""Calls that the assistant makes, end to end: real sockets, the stand-in for Twilio makes the call and reports it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any

import pytest
from django.test import override_settings

from businesses.calendar import booking
from businesses.calendar.booking import Guest
from businesses.models import Business, Calendar, Reminder, ReminderChoices, Service, ServiceCalendar
from businesses.tenancy import acting_for
from calls.models import OutgoingCall, OutgoingChoices, Task, TaskKind
from calls.outgoing import asking, placing, reminding
from calls.outgoing.asking import Asked
from calls.sandbox.openai.scenario import Scenario
from calls.sandbox.receptionist.engine import Say
from calls.sandbox.telephone.called_person import Does
from calls.sandbox.telephone.outgoing_call import Answers
from calls.sandbox.telephone.placed_call import PlacedCall
from calls.telephone import dialling_out
from testing import numbered
from tests.call_hearing import heard
from tests.call_rig import ACCOUNT_SID, AUTH_TOKEN, Desk, Rig, eventually, scenario, speech

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANSWER = "You asked about your tooth."
NOON = datetime.now(UTC).replace(hour=17, minute=0, second=0, microsecond=0)
"""An hour at which New York may be called."""
_people = count(200)


def person() -> str:
    return f"+1212555{next(_people):04}"


@pytest.fixture(autouse=True)
def _same_twilio(rig: Rig) -> Iterator[None]:
    """The test asks Twilio as the installation's worker does."""
    told = {"PUBLIC_URL": rig.daphne.url, "TWILIO_API_URL": rig.exchange.url.removesuffix("/v1")}
    with override_settings(TWILIO_ACCOUNT_SID=ACCOUNT_SID, TWILIO_AUTH_TOKEN=AUTH_TOKEN, **told):
        yield


async def desk_of(rig: Rig, plan: Scenario | None = None, **chosen: Any) -> Desk:
    desk = await rig.desk(plan or scenario(replies=((Say(ANSWER),),)), greeting="Good morning, the clinic.")
    await rig.office.ask(_switch_on, desk.business, chosen)
    return desk


def _switch_on(business: Business, chosen: dict[str, Any]) -> None:
    with acting_for(business):
        own = {"earliest": time(0), "latest": time(23, 59), "enabled": True, "retries": 0}
        OutgoingChoices.objects.create(business=business, **own | chosen)


def _call(business: Business, number: str) -> OutgoingCall:
    """Asks for a call at an hour at which it is allowed, and makes it."""
    with acting_for(business):
        Task.objects.create(business=business, kind=TaskKind.CALL_BACK, number=number, created_at=NOON)
        asked = asking.ask(business, number, who="Dana", about="A tooth hurts.", by=None, now=NOON)
        assert isinstance(asked, Asked), asked
    for each in placing.due(now=NOON):
        dialling_out.place(each, clock=lambda: NOON)
    return asked.row


def _remind(business: Business, number: str) -> OutgoingCall:
    """Makes the call about an appointment of tomorrow of which nobody could be reminded."""
    start = NOON + timedelta(days=1)
    with acting_for(business):
        choices = {"is_on": True, "calls_unreached": True, "calls_since": NOON}
        ReminderChoices.objects.create(business=business, **choices)
        service = Service.objects.create(business=business, name="Checkup")
        calendar = Calendar.objects.create(business=business, name="Ann")
        ServiceCalendar.objects.create(business=business, service=service, calendar=calendar)
        guest = Guest("Dana", number, agrees_to_reminder=True)
        made = booking.book(business, service, guest, start=start, now=NOON)
        Reminder.objects.create(
            business=business, appointment=made, starts_at=start, hours=24, result="no_template", at=NOON
        )
    assert reminding.ask_for_due(now=NOON) == 1
    for each in placing.due(now=NOON):
        dialling_out.place(each, clock=lambda: NOON)
    with acting_for(business):
        return OutgoingCall.objects.get(appointment=made)


def _state(row: OutgoingCall) -> str:
    return OutgoingCall.objects.values_list("state", flat=True).get(pk=row.pk)


async def calling(rig: Rig, desk: Desk, number: str, who: Answers) -> tuple[OutgoingCall, PlacedCall]:
    rig.exchange.maker.people[number] = who
    row = await rig.office.ask(_call, desk.business, number)
    await eventually(lambda: rig.exchange.maker.to(number))
    return row, rig.exchange.maker.to(number)[0]


async def settled(rig: Rig, row: OutgoingCall, state: str) -> None:
    for _time in range(200):
        if await rig.office.ask(_state, row) == state:
            return
    raise AssertionError(await rig.office.ask(_state, row))


async def test_who_answers_hears_who_calls_whole_and_talks(rig: Rig) -> None:
    number, desk = person(), await desk_of(rig)
    row, call = await calling(rig, desk, number, Answers(repeats=True))
    await call.connected()
    words = f"Hello Dana, this is the automated assistant of {desk.business.name}. We are calling you back."
    await call.until(lambda: call.heard_bytes > 0)
    call.say(speech("hello"))  # whoever is called says hello at once
    await call.quiet(0.8, after_bytes=len(numbered.audio(words)) + len(numbered.audio(ANSWER)))
    assert heard(call) == numbered.audio(words) + numbered.audio(ANSWER), "whole and once, then the answer"
    told = str(desk.lane.received("session.update"))
    assert "A tooth hurts." in told
    await call.hang_up()
    assert call.record.errors == []
    records = await rig.records(call)
    assert (records.call.is_outgoing, records.call.caller_number, records.call.outcome) == (True, number, "completed")
    await settled(rig, row, "talked")


async def test_a_reminder_is_told_to_the_person_and_not_to_whoever_hears_first(rig: Rig) -> None:
    number, desk = person(), await desk_of(rig)
    rig.exchange.maker.people[number] = Answers(repeats=True)
    row = await rig.office.ask(_remind, desk.business, number)
    await eventually(lambda: rig.exchange.maker.to(number))
    (call,) = rig.exchange.maker.to(number)
    await call.connected()
    words = f"Hello Dana, this is the automated assistant of {desk.business.name}. We have a short message for you."
    await call.until(lambda: call.heard_bytes > 0)
    call.say(speech("hello"))
    await call.quiet(0.8, after_bytes=len(numbered.audio(words)) + len(numbered.audio(ANSWER)))
    assert heard(call) == numbered.audio(words) + numbered.audio(ANSWER), "whole and once, then the answer"
    told = str(desk.lane.received("session.update"))
    assert "> Checkup, " in told
    assert "before you say a word of the appointment" in told
    await call.hang_up()
    await settled(rig, row, "talked")


async def test_a_machine_hears_no_word_of_an_appointment(rig: Rig) -> None:
    number, desk = person(), await desk_of(rig)
    rig.exchange.maker.people[number] = Answers(Does.VOICEMAIL)
    row = await rig.office.ask(_remind, desk.business, number)
    await eventually(lambda: rig.exchange.maker.to(number))
    (call,) = rig.exchange.maker.to(number)
    await call.ended()
    assert [verb.name for verb in call.record.verbs] == ["Connect", "Hangup"]
    await settled(rig, row, "machine")


async def test_a_machine_hears_the_owners_words_after_its_tone(rig: Rig) -> None:
    number, desk = person(), await desk_of(rig, at_machine="say", machine_words="Please call the clinic.")
    row, call = await calling(rig, desk, number, Answers(Does.VOICEMAIL))
    await call.ended()
    assert [(verb.name, verb.text) for verb in call.record.verbs][1:] == [
        ("Say", "Please call the clinic."),
        ("Hangup", ""),
    ]
    records = await rig.records(call)
    assert records.call.end_reason == "answering_machine"
    await settled(rig, row, "machine")


async def test_a_machine_is_hung_up_on(rig: Rig) -> None:
    number, desk = person(), await desk_of(rig)
    row, call = await calling(rig, desk, number, Answers(Does.VOICEMAIL))
    await call.ended()
    assert [verb.name for verb in call.record.verbs] == ["Connect", "Hangup"]
    await settled(rig, row, "machine")


@pytest.mark.parametrize(
    ("does", "state"), [(Does.BUSY, "busy"), (Does.NO_ANSWER, "no_answer"), (Does.FAILS, "failed")]
)
async def test_who_is_not_reached(rig: Rig, does: Does, state: str) -> None:
    number, desk = person(), await desk_of(rig)
    row, call = await calling(rig, desk, number, Answers(does, repeats=True))
    await call.ended()
    assert not call.flow.streams
    await settled(rig, row, state)


async def test_a_call_whose_answer_was_lost_tells_of_itself(rig: Rig) -> None:
    number, desk = person(), await desk_of(rig)
    row, call = await calling(rig, desk, number, Answers(loses_answer=True))
    await call.connected()
    await call.hang_up()
    await settled(rig, row, "talked")
    assert len(rig.exchange.maker.to(number)) == 1
