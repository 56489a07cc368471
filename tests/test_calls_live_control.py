"""A member watches a running call, hangs up or takes over: from web pages to the process that runs the call."""

from __future__ import annotations

import io
import os
import wave

import aiohttp
import numpy as np
import pytest

from businesses.models import usual_notice
from calls.audio import ulaw
from calls.conversation.end_reasons import EndReason
from calls.sandbox.receptionist.engine import Say
from calls.sandbox.telephone.placed_call import PlacedCall
from testing import numbered
from testing.servers import StartDaphne
from tests.call_hearing import heard
from tests.call_office import member_cookies
from tests.call_rig import ANSWER, AUTH_TOKEN, FALLBACK, Desk, Rig, eventually, scenario, speech

pytestmark = pytest.mark.asyncio(loop_scope="session")

GREETING = "Good morning, you have reached the clinic. We are glad that you call. How may we help you today?"
COLLEAGUE = "+12125558888"
HANDOVER = "One moment please, I am putting you through to a colleague."


class Member:
    """A signed-in member of the business."""

    def __init__(self, rig: Rig, desk: Desk, cookies: dict[str, str]) -> None:
        self.base = f"{rig.daphne.url}/b/{desk.business.slug}/calls"
        self.cookies = cookies

    async def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        async with (
            aiohttp.ClientSession(cookies=self.cookies) as browser,
            browser.get(f"{self.base}/{path}", headers=headers) as answer,
        ):
            return answer.status, await answer.read()

    async def post(self, path: str, **form: str) -> int:
        form["csrfmiddlewaretoken"] = self.cookies["csrftoken"]
        async with (
            aiohttp.ClientSession(cookies=self.cookies) as browser,
            browser.post(f"{self.base}/{path}", data=form, allow_redirects=False) as answer,
        ):
            return answer.status


async def call_id_of(rig: Rig, call: PlacedCall) -> str:
    kept = await rig.office.ask(_call_id, call.flow.ids.call_sid)
    return str(kept)


def _call_id(call_sid: str) -> object:
    from calls.models import Call  # noqa: PLC0415

    return Call.objects.values_list("pk", flat=True).get(twilio_call_sid=call_sid)


async def test_taking_over_in_the_middle_of_the_protected_greeting(rig: Rig) -> None:
    desk = await rig.desk(scenario(), greeting=GREETING, fallback_number=FALLBACK)
    member = Member(rig, desk, await rig.office.ask(member_cookies, desk.business))
    async with rig.calling(desk) as call:
        await call.until(lambda: call.heard_bytes > 4000)
        assert await member.post(f"{await call_id_of(rig, call)}/transfer/", number=COLLEAGUE) == 302
        await call.ended()
        assert len(heard(call)) < len(numbered.audio(GREETING))
    records = await rig.records(call)
    assert (records.call.outcome, records.call.end_reason) == ("transferred", EndReason.OPERATOR_TRANSFERRED)
    assert records.call.transfer_number == COLLEAGUE
    dialled = [verb for verb in call.record.verbs if verb.name == "Dial"]
    assert [verb.text for verb in dialled] == [COLLEAGUE]
    assert [verb.name for verb in call.record.verbs] == ["Connect", "Say", "Dial", "Hangup"], "Twilio's voice says it"
    assert COLLEAGUE not in rig.daphne.log


async def test_the_assistant_says_that_somebody_takes_over_and_nobody_says_it_twice(rig: Rig) -> None:
    told = scenario(replies=((Say(ANSWER * 3),), (Say(HANDOVER),)))
    desk = await rig.desk(told, greeting="Good morning.", fallback_number=FALLBACK)
    member = Member(rig, desk, await rig.office.ask(member_cookies, desk.business))
    async with rig.calling(desk) as call:
        await call.quiet(0.6, after_bytes=len(numbered.audio("Good morning.")))
        call.say(speech("hello"))
        await call.until(lambda: call.heard_bytes > len(numbered.audio("Good morning.")) + 8000)
        assert await member.post(f"{await call_id_of(rig, call)}/transfer/", number=COLLEAGUE) == 302
        await call.until(lambda: any(each.kind == "clear" for each in call.stream.record.messages))
        await call.ended()
    assert heard(call).endswith(numbered.audio(HANDOVER))
    assert [verb.name for verb in call.record.verbs] == ["Connect", "Dial", "Hangup"]
    records = await rig.records(call)
    assert records.call.end_reason == EndReason.OPERATOR_TRANSFERRED
    assert [turn.heard_text for turn in records.turns if turn.speaker == "assistant"][-1] == HANDOVER


async def test_watching_hanging_up_and_hearing_the_recording(rig: Rig) -> None:
    told = scenario(transcripts=("When are you open?",))
    desk = await rig.desk(told, record_calls=True, recording_notice="")
    member = Member(rig, desk, await rig.office.ask(member_cookies, desk.business))
    stranger = Member(rig, desk, await rig.office.ask(member_cookies, (await rig.desk()).business))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.until(lambda: len(heard(call)) > 8000)
        call_id = await call_id_of(rig, call)
        await call.quiet(1.5, after_bytes=len(numbered.audio(ANSWER)))  # the records are a second behind
        status, page = await member.get("live/", **{"HX-Request": "true"})
        assert (status, "When are you open?" in page.decode(), ANSWER in page.decode()) == (200, True, True)
        for path in ("live/", f"{call_id}/", f"{call_id}/turns/", f"{call_id}/recording.wav"):
            assert (await stranger.get(path))[0] == 404
        assert await stranger.post(f"{call_id}/hang-up/") == 404
        assert await member.post(f"{call_id}/hang-up/") == 302
        await call.ended()
    records = await rig.records(call)
    assert (records.call.outcome, records.call.end_reason) == ("completed", EndReason.OPERATOR_HUNG_UP)
    status, recording = await member.get(f"{call_id}/recording.wav", Range="bytes=0-")
    assert status == 206
    check_recording(recording, call)


async def test_a_caller_hears_that_the_call_is_recorded_before_anything_of_theirs_is(rig: Rig) -> None:
    desk = await rig.desk(scenario(transcripts=("When are you open?",)), record_calls=True)
    member = Member(rig, desk, await rig.office.ask(member_cookies, desk.business))
    notice = numbered.audio(usual_notice("en"))
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.quiet(1.5, after_bytes=len(notice) + 1)
        heard_first, call_id = heard(call), await call_id_of(rig, call)
    records = await rig.records(call)
    assert heard_first.startswith(notice), "without a greeting, too"
    assert heard_first.count(notice) == 1
    assert (records.call.was_recorded, records.call.notice_heard) == (True, True)
    _, recording = await member.get(f"{call_id}/recording.wav")
    with wave.open(io.BytesIO(recording)) as wav:
        sides = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, 2)
    assert ulaw.decode(notice).tobytes() in sides[:, 1].tobytes(), "it can be shown that it was said"
    assert not sides[: len(notice), 0].any(), "the caller spoke meanwhile, and is not on the recording"
    _, page = await member.get(f"{call_id}/")
    assert "The caller heard that the call is recorded." in page.decode()


def check_recording(recording: bytes, call: PlacedCall) -> None:
    with wave.open(io.BytesIO(recording)) as wav:
        sides = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, 2)
    assert abs(len(sides) / 8000 - call.now) < 1.0
    said = ulaw.decode(speech("hello")).tobytes()
    assert said in sides[:, 0].tobytes(), "what the caller said, without a gap"
    assert ulaw.decode(heard(call)).tobytes() in sides[:, 1].tobytes(), "what the caller heard, without a gap"


@pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="processes reach each other through Redis")
async def test_another_process_reaches_into_the_call(rig: Rig, daphne: StartDaphne) -> None:
    beside = daphne(beside=rig.daphne, OPENAI_API_KEY="not-a-key", TWILIO_AUTH_TOKEN=AUTH_TOKEN)
    desk = await rig.desk(scenario(), greeting=GREETING)
    member = Member(rig, desk, await rig.office.ask(member_cookies, desk.business))
    member.base = member.base.replace(rig.daphne.url, beside.url)
    async with rig.calling(desk) as call:
        await call.until(lambda: call.heard_bytes > 4000)
        assert await member.post(f"{await call_id_of(rig, call)}/hang-up/") == 302
        await call.ended()
    assert (await rig.records(call)).call.end_reason == EndReason.OPERATOR_HUNG_UP


async def test_nobody_is_on_the_line_afterwards(rig: Rig) -> None:
    desk = await rig.desk()
    member = Member(rig, desk, await rig.office.ask(member_cookies, desk.business))
    async with rig.calling(desk) as call:
        call_id = await call_id_of(rig, call)
    await eventually(lambda: EndReason.CALLER_LEFT in rig.logged(call_id))
    _, page = await member.get("live/", **{"HX-Request": "true"})
    assert call_id not in page.decode()
    assert await member.post(f"{call_id}/hang-up/") == 302
