"""Another process holds the database's locks while calls are live: callers notice nothing, and nothing is lost."""

from __future__ import annotations

import asyncio
import time

import pytest

from calls.models import Call
from calls.sandbox.telephone.placed_call import PlacedCall
from testing import numbered
from testing.database_locks import locked
from testing.slowness import slowness
from tests.call_hearing import words_heard
from tests.call_rig import ANSWER, FALLBACK, SECOND, Desk, Rig, eventually, speech

pytestmark = [pytest.mark.realtime, pytest.mark.asyncio(loop_scope="session")]

GREETING = "Hello, this is the clinic."
ANSWERED_WITHIN_S = 2.0
WEBHOOKS_WITHIN_S = 3.0
AT_ONCE = 12
"""Callers who ring together: more than webhooks of callers run at once."""


async def ask(call: PlacedCall) -> float:
    """Ask, and listen to the answer. Returns after how many seconds it came."""
    call.say(speech("hello"))
    await call.until(lambda: not call.stream.caller.is_speaking)
    asked_at, before = time.monotonic(), call.heard_bytes
    await call.until(lambda: call.heard_bytes > before)
    waited_s = time.monotonic() - asked_at
    await call.quiet(0.8)
    return waited_s


async def post(rig: Rig, path: str, **fields: str) -> tuple[str, float]:
    """Post a webhook. Returns the answer, and after how many seconds it came."""
    began = time.monotonic()
    code, body = await rig.twilio.post(f"/calls/twilio/{path}/", fields)
    assert code in {200, 204}
    return body, time.monotonic() - began


def is_noticed(rig: Rig) -> bool:
    """Whether the process knows that the database is away. Of PostgreSQL, rows alone are locked."""
    is_sqlite = rig.daphne.environment["DATABASE_URL"].startswith("sqlite")
    return not is_sqlite or rig.line.log.count("The database is away") > rig.line.log.count("The database is back")


async def is_back(rig: Rig) -> None:
    """Wait until the process knows that the database is not away any more, if it took it to be."""
    await eventually(lambda: rig.line.log.count("The database is away") == rig.line.log.count("The database is back"))


def end_of(call_sid: str) -> tuple[str, str]:
    """Returns the status of a call and why it ended."""
    call = Call.objects.get(twilio_call_sid=call_sid)
    return call.status, call.end_reason


async def test_callers_hear_their_answers_and_their_calls_are_on_record(rig: Rig) -> None:
    desks = [await rig.desk(greeting=GREETING) for _ in range(3)]
    async with rig.calling(desks[0]) as first, rig.calling(desks[1]) as second, rig.calling(desks[2]) as third:
        calls = [first, second, third]
        await asyncio.gather(*(call.quiet(0.5, after_bytes=len(numbered.audio(GREETING))) for call in calls))
        await asyncio.gather(*map(ask, calls))
        with locked(rig.daphne):
            waited_s = await asyncio.gather(*map(ask, calls))
            assert max(waited_s) < ANSWERED_WITHIN_S * slowness()
            await eventually(lambda: is_noticed(rig))
            await third.hang_up()
        assert third.record.hung_up_by == "caller"
    await is_back(rig)
    for call, desk in zip(calls, desks, strict=True):
        assert words_heard(call) == b"".join(map(numbered.audio, (GREETING, ANSWER, SECOND)))
        sent, [session] = len(call.stream.record.lateness_s), desk.lane.connections
        assert sent - 10 <= len(session.received_audio) <= sent, "but for what was on its way in the end"
        records = await rig.records(call)
        assert records.call.end_reason == "caller_left"
        assert [turn.speaker for turn in records.turns] == ["assistant", "caller"] * 2 + ["assistant"]
        assert records.turns[-1].heard_text == SECOND


async def test_whoever_rings_together_is_answered_in_time(rig: Rig) -> None:
    desk = await rig.desk(fallback_number=FALLBACK, max_concurrent_calls=50)
    with locked(rig.daphne):
        await asyncio.sleep(0.1)
        answers = await asyncio.gather(*(ring(rig, desk, number) for number in range(AT_ONCE)))
        await eventually(lambda: is_noticed(rig))
        later, waited_s = await ring(rig, desk, AT_ONCE)
    if rig.daphne.environment["DATABASE_URL"].startswith("sqlite"):
        assert max(seconds for _, seconds in answers) < WEBHOOKS_WITHIN_S * slowness()
        assert waited_s < 1.0 * slowness(), "who calls later does not wait at all"
    assert all("<Stream" not in answer for answer, _ in answers)
    assert "<Stream" not in later
    await is_back(rig)
    assert "<Stream" in (await ring(rig, desk, AT_ONCE + 1))[0]


async def ring(rig: Rig, desk: Desk, number: int) -> tuple[str, float]:
    """Ring as another caller does. Returns the answer, and after how many seconds it came."""
    return await post(rig, "voice", CallSid=f"CA-{desk.business.pk}-{number}", From="+12125550001", To=desk.number)


async def test_what_is_told_of_calls_is_noted_when_the_lock_is_free(rig: Rig) -> None:
    desk = await rig.desk(fallback_number=FALLBACK)
    told = {"CallSid": f"CA-{desk.business.pk}", "From": "+12125550001", "To": desk.number}
    assert "<Stream" in (await post(rig, "voice", **told))[0]
    with locked(rig.daphne):
        said, waited_s = await post(rig, "status", **told, CallStatus="completed")
        assert said == ""
        assert waited_s < WEBHOOKS_WITHIN_S * slowness()
    give_up_at = time.monotonic() + 60
    while await rig.office.ask(end_of, told["CallSid"]) != ("ended", "left_early"):
        assert time.monotonic() < give_up_at, "it was not noted"
        await asyncio.sleep(0.1)
    await is_back(rig)
